// What the process that is attached to a container stands for: the container, whatever becomes of the process.

import type { Clock } from "../../core/clock.ts";
import { formatByteSize } from "../../core/byte-size.ts";
import { type Ending, type EndingTarget, pause, signalGroup } from "../process/end-processes.ts";
import { notStarted, shown } from "../process/not-started.ts";
import type { SettledStatus, StepControl } from "../process/process-step.ts";
import type { ContainerEngine } from "./container-engine.ts";
import { type ContainerState, findContainer, removeContainer } from "./container-state.ts";
import { reasonOf } from "./engine-command.ts";
import type { RecentOutput } from "./recent-output.ts";
import { stopContainer } from "./stop-container.ts";

export interface ContainerControlOptions {
  readonly engine: ContainerEngine;
  readonly name: string;
  readonly image: string;
  /** For messages. */
  readonly command: string;
  readonly memoryBytes: number | undefined;
  readonly output: RecentOutput;
  readonly clock: Clock;
}

/** How long the attached process may take to see that its container has ended. */
const partingMs = 3000;

export class ContainerControl implements StepControl {
  readonly #options: ContainerControlOptions;

  constructor(options: ContainerControlOptions) {
    this.#options = options;
  }

  /** By the engine, then by force, and at last without the engine: a step ends also where the engine hangs. */
  async end(target: EndingTarget, graceMs: number): Promise<Ending> {
    const { engine, name, clock } = this.#options;
    const killed = await stopContainer({ engine, name, graceMs, clock }).catch(() => false);
    if (await this.#parts(target)) return { killed, remaining: 0 };
    // It was started only after it had been stopped, or the engine did not do it.
    const problem = await removeContainer(engine, name).catch((thrown: unknown) => String(thrown));
    if (await this.#parts(target)) return { killed: true, remaining: 0 };
    signalGroup(target, "SIGKILL");
    return { killed: true, remaining: problem === null ? 0 : 1 };
  }

  async settle(status: number | null): Promise<SettledStatus> {
    if (status === 0) return { status, cause: null };
    const { engine, name, output } = this.#options;
    const state = await findContainer(engine, name);
    if (state === null) return { status: null, cause: null };
    if (state.status === "created") throw this.#notStarted(state);
    if (state.status === "running" || state.status === "paused") {
      await removeContainer(engine, name);
      const [reason = "it was killed from outside"] = output.lines("stderr").slice(-1);
      throw notStarted(
        `the connection to the container of ${this.#options.image} was lost while it ran: ${reason}`,
        "look at the engine's own log; the container has been ended",
      );
    }
    return { status: state.exitCode, cause: this.#causeOf(state) };
  }

  /** True when the attached process has ended, as it does with its container. */
  async #parts({ isWrapperAlive }: EndingTarget): Promise<boolean> {
    const { clock } = this.#options;
    const deadline = clock.elapsed() + partingMs;
    while (isWrapperAlive() && clock.elapsed() < deadline) await pause(clock, 20);
    return !isWrapperAlive();
  }

  #notStarted(state: ContainerState): Error {
    const { image, command, output } = this.#options;
    const said = state.error || reasonOf({ code: 1, stdout: "", stderr: output.lines("stderr").join("\n") });
    return notStarted(
      `the command ${shown(command)} could not be started in ${image}: ${shorten(said)}`,
      "check that the image has the command, and the step's workDir, user and mounts",
    );
  }

  #causeOf({ outOfMemory }: ContainerState): string | null {
    const { memoryBytes } = this.#options;
    if (!outOfMemory) return null;
    const limit = memoryBytes === undefined ? "" : ` of ${formatByteSize(memoryBytes)}`;
    return `killed by the system: it needed more memory than its limit${limit}`;
  }
}

/** The engine's chain of its own parts says nothing to the reader; the last link does. */
export function shorten(said: string): string {
  return said
    .replace(/^.*(?:unable to start container process|container_linux\.go:\d+: .*caused): /, "")
    .replace(/: unknown$/, "");
}
