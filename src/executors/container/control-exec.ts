// What the process that runs a command inside an open container stands for: that command and all it started there.

import type { Clock } from "../../core/clock.ts";
import { type Ending, type EndingTarget, pause, signalGroup } from "../process/end-processes.ts";
import { notStarted, shown } from "../process/not-started.ts";
import type { SettledStatus, StepControl } from "../process/process-step.ts";
import { stepIdVariable } from "../process/step-environment.ts";
import type { ContainerEngine } from "./container-engine.ts";
import { shorten } from "./control-container.ts";
import type { RecentOutput } from "./recent-output.ts";

export interface ExecControlOptions {
  readonly engine: ContainerEngine;
  readonly sandbox: string;
  readonly stepId: string;
  readonly user: string | undefined;
  /** For messages. */
  readonly command: string;
  readonly output: RecentOutput;
  readonly clock: Clock;
}

/** The engines have no command for this; the image has a shell, or the container would not be kept open. */
const signalScript = `for p in /proc/[0-9]*; do
  tr '\\0' '\\n' < "$p/environ" 2>/dev/null | grep -qxF "${stepIdVariable}=$2" && kill -s "$1" "\${p#/proc/}" 2>/dev/null
done
true`;

const partingMs = 3000;
const askMs = 10_000;

/** What the engines say where the command could not be started, beside their own exit statuses for that. */
const refusals: readonly { readonly statuses: readonly number[]; readonly words: RegExp }[] = [
  { statuses: [126, 127], words: /^(?:OCI runtime exec failed: |unable to find user |unable to find group )/ },
  { statuses: [1], words: /^Error response from daemon: / },
  { statuses: [125, 126, 127, 255], words: /^Error: .*(?:OCI|container state|no such container|unable to find)/ },
];

export class ExecControl implements StepControl {
  readonly #options: ExecControlOptions;

  constructor(options: ExecControlOptions) {
    this.#options = options;
  }

  async end(target: EndingTarget, graceMs: number): Promise<Ending> {
    await this.#signal("TERM");
    if (await this.#parts(target, graceMs)) return { killed: false, remaining: 0 };
    await this.#signal("KILL");
    if (await this.#parts(target, partingMs)) return { killed: true, remaining: 0 };
    // The engine hangs, or the command has left the environment that it is found by: it ends with the container.
    signalGroup(target, "SIGKILL");
    return { killed: true, remaining: 1 };
  }

  async settle(status: number | null): Promise<SettledStatus> {
    if (status === null) await this.#signal("KILL");
    const line = status === null ? undefined : this.#refusal(status);
    if (line === undefined) return { status, cause: null };
    const { command, sandbox } = this.#options;
    throw notStarted(
      `the command ${shown(command)} could not be started in the sandbox ${sandbox}: ${shorten(line)}`,
      "check that its image has the command, and the workDir and user; a sandbox that has ended runs nothing",
    );
  }

  #refusal(status: number): string | undefined {
    const { output } = this.#options;
    const [first, ...more] = [...output.lines("stderr"), ...output.lines("stdout")];
    if (first === undefined || more.length > 0) return undefined;
    const isRefused = refusals.some(({ statuses, words }) => statuses.includes(status) && words.test(first));
    return isRefused ? first.replace(/^Error response from daemon: /, "") : undefined;
  }

  /** Signals every process of this command in the container, as the user it runs as. */
  async #signal(signal: "TERM" | "KILL"): Promise<void> {
    const { engine, sandbox, stepId, user } = this.#options;
    const as = user === undefined ? [] : [`--user=${user}`];
    const args = ["exec", ...as, sandbox, "sh", "-c", signalScript, "sh", signal, stepId];
    await engine.ask(args, { timeoutMs: askMs }).catch(() => null);
  }

  async #parts({ isWrapperAlive }: EndingTarget, withinMs: number): Promise<boolean> {
    const { clock } = this.#options;
    const deadline = clock.elapsed() + withinMs;
    while (isWrapperAlive() && clock.elapsed() < deadline) await pause(clock, 20);
    return !isWrapperAlive();
  }
}
