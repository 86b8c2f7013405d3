// A sandbox process as the control process sees it: its start, its two channels, its CPU time, its end.

import { closeSync, readFileSync } from "node:fs";
import { constants, setPriority } from "node:os";
import { createLineSplitter } from "../channel/line-splitter.ts";
import { PieceSender } from "../channel/pieces.ts";
import type { Answer, FromSandbox, ToSandbox } from "../protocol.ts";

export type ProcessMessage = Exclude<FromSandbox, { readonly type: "received" }>;

export interface SandboxProcessEvents {
  readonly onMessage: (message: ProcessMessage) => void;
  /** Called once, however it ended. */
  readonly onExit: (description: string) => void;
}

/** The kernel's clock ticks per second in /proc; 100 on every Linux this runs on. */
const ticksPerSecond = 100;

const sandboxEnvironment = {
  // Bun's own rule for "end when the parent ends", kept also while the process spins in native code.
  BUN_OPTIONS: "--no-orphans --smol",
  // Beyond the few that are the default, the engine collects all garbage for each memory that is made.
  BUN_JSC_maxNumWasmFastMemories: "1000",
  // Ten times the default: else making the first instance is enough to have its WebAssembly optimized, for 0.2 s of CPU.
  BUN_JSC_thresholdForOMGOptimizeAfterWarmUp: "500000",
};

export class SandboxProcess {
  readonly pid: number;
  readonly #subprocess: Bun.Subprocess;
  readonly #sender: PieceSender;
  readonly #answers: Bun.FileSink;
  readonly #answeringFd: number;
  #exited = false;

  /** @param command the executable and its arguments; it gets no environment but the rule to die with its parent. */
  constructor(command: readonly string[], events: SandboxProcessEvents) {
    this.#subprocess = Bun.spawn([...command], {
      env: sandboxEnvironment,
      cwd: "/",
      // Ctrl-C in the server's terminal is for the server: it still needs its sandboxes while it stops.
      detached: true,
      stdio: ["ignore", "ignore", "inherit", "pipe", "pipe"],
      ipc: () => {},
      serialization: "json",
      onExit: (_, code, signal) => {
        this.#exited = true;
        void this.#closeAnswers();
        events.onExit(signal === null ? `ended with status ${code}` : `was ended by signal ${signal}`);
      },
    });
    this.pid = this.#subprocess.pid;
    const outgoing = this.#subprocess.stdio[3] as number;
    this.#answeringFd = this.#subprocess.stdio[4] as number;
    this.#answers = Bun.file(this.#answeringFd).writer();
    this.#sender = new PieceSender((piece) => {
      if (!this.#exited) this.#subprocess.send(piece);
    });
    void this.#read(outgoing, events.onMessage);
  }

  /** @throws nothing: a message to a process that is gone is dropped, its end is reported by `onExit`. */
  send(message: ToSandbox): void {
    try {
      this.#sender.send(message);
    } catch {
      this.kill();
    }
  }

  answer(answer: Answer): void {
    try {
      void this.#answers.write(`${JSON.stringify(answer)}\n`);
      void Promise.resolve(this.#answers.flush()).catch(() => this.kill());
    } catch {
      // The process is gone, which its exit will tell.
      this.kill();
    }
  }

  kill(): void {
    if (!this.#exited) this.#subprocess.kill("SIGKILL");
  }

  /** Lets other processes go first, or no longer. Raising the priority again needs a privilege; false without it. */
  yieldToOthers(yields: boolean): boolean {
    try {
      setPriority(this.pid, yields ? constants.priority.PRIORITY_BELOW_NORMAL : constants.priority.PRIORITY_NORMAL);
      return true;
    } catch {
      return false;
    }
  }

  /** CPU time of the process's main thread, which executes the guests, in milliseconds. */
  cpuMs(): number {
    try {
      // The first field is the time on a CPU in nanoseconds: proc(5) has it in ticks of 10 ms only.
      const onCpu = readFileSync(`/proc/${this.pid}/schedstat`, "utf8").split(" ")[0];
      return Number(onCpu) / 1e6;
    } catch {
      return this.#cpuMsInTicks();
    }
  }

  /** True where something has stopped the process (SIGSTOP). */
  isStopped(): boolean {
    const state = this.#statFields()[0];
    return state === "T" || state === "t";
  }

  /** Where the kernel keeps no scheduling statistics. */
  #cpuMsInTicks(): number {
    const [user, system] = this.#statFields().slice(11, 13);
    return ((Number(user ?? 0) + Number(system ?? 0)) * 1000) / ticksPerSecond;
  }

  #statFields(): readonly string[] {
    try {
      const stat = readFileSync(`/proc/${this.pid}/stat`, "utf8");
      // The second field is the name in parentheses and may hold spaces, so fields are counted after it.
      return stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    } catch {
      return [];
    }
  }

  async #read(fd: number, onMessage: (message: ProcessMessage) => void): Promise<void> {
    const split = createLineSplitter((line) => {
      const message = JSON.parse(line) as FromSandbox;
      if (message.type === "received") this.#sender.acknowledge(message.length);
      else onMessage(message);
    });
    try {
      for await (const chunk of Bun.file(fd).stream()) split(chunk);
    } catch {
      // A process that writes what is not ours cannot be trusted with more.
      this.kill();
    }
    closeQuietly(fd);
  }

  async #closeAnswers(): Promise<void> {
    try {
      await this.#answers.end();
    } catch {
      // What was not read by a process that is gone is not missed.
    }
    closeQuietly(this.#answeringFd);
  }
}

/** The descriptors of pipes beyond the standard three are ours to close, unless whoever read them has. */
function closeQuietly(fd: number): void {
  try {
    closeSync(fd);
  } catch {
    // It is closed.
  }
}
