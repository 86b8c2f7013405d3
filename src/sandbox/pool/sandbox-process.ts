// A sandbox process as the control process sees it: its start, its two channels, its CPU time, its end.

import { readFileSync } from "node:fs";
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

export class SandboxProcess {
  readonly pid: number;
  readonly #subprocess: Bun.Subprocess;
  readonly #sender: PieceSender;
  readonly #answers: Bun.FileSink;
  #exited = false;

  /** @param command the executable and its arguments; it gets no environment but the rule to die with its parent. */
  constructor(command: readonly string[], events: SandboxProcessEvents) {
    this.#subprocess = Bun.spawn([...command], {
      // Bun's own rule for "end when the parent ends", kept also while the process spins in native code.
      env: { BUN_OPTIONS: "--no-orphans" },
      cwd: "/",
      stdio: ["ignore", "ignore", "inherit", "pipe", "pipe"],
      ipc: () => {},
      serialization: "json",
      onExit: (_, code, signal) => {
        this.#exited = true;
        events.onExit(signal === null ? `ended with status ${code}` : `was ended by signal ${signal}`);
      },
    });
    this.pid = this.#subprocess.pid;
    const [, , , outgoing, answering] = this.#subprocess.stdio;
    this.#answers = Bun.file(answering as number).writer();
    this.#sender = new PieceSender((piece) => {
      if (!this.#exited) this.#subprocess.send(piece);
    });
    void this.#read(outgoing as number, events.onMessage);
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
    this.#answers.write(`${JSON.stringify(answer)}\n`);
    void Promise.resolve(this.#answers.flush()).catch(() => this.kill());
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

  /** CPU time so far in milliseconds, and whether something stopped the process (SIGSTOP). */
  usage(): { readonly cpuMs: number; readonly stopped: boolean } {
    try {
      const stat = readFileSync(`/proc/${this.pid}/stat`, "utf8");
      // The second field is the name in parentheses and may hold spaces, so fields are counted after it.
      const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      const cpuMs = ((Number(fields[11]) + Number(fields[12])) * 1000) / ticksPerSecond;
      return { cpuMs, stopped: fields[0] === "T" || fields[0] === "t" };
    } catch {
      return { cpuMs: 0, stopped: false };
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
  }
}
