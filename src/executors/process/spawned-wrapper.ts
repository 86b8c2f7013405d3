// A wrapper that this server started, a child of it that lives on without it.

import type { Clock } from "../../core/clock.ts";
import { findProcessIdentity, type ProcessIdentity } from "./process-stat.ts";
import { spawnWrapper, type WrapperCommand } from "./spawn-wrapper.ts";
import type { SpoolFolder } from "./spool-folder.ts";
import type { WrapperProcess } from "./wrapper-process.ts";

/**
 * When the process is noted. Asking /proc for a process in the middle of its exec(2) was measured to hold up the
 * server for 0.4 ms, and most steps this young need no note: until then they can be found by their environment.
 */
const noteAfterMs = 5;

export interface SpawnOptions {
  readonly command: WrapperCommand;
  readonly folder: SpoolFolder;
  readonly clock: Clock;
  readonly warn: (message: string) => void;
}

export class SpawnedWrapper implements WrapperProcess {
  readonly pid: number;
  readonly ended: Promise<number | null>;
  #identity: ProcessIdentity | null = null;
  #isAlive = true;
  #cancelNote = (): void => {};

  /** @throws {AppError} STEP_NOT_STARTED when the system refuses. */
  constructor({ command, folder, clock, warn }: SpawnOptions) {
    const { promise, resolve } = Promise.withResolvers<number | null>();
    this.ended = promise;
    this.pid = spawnWrapper(command, folder, (exitCode) => {
      this.#isAlive = false;
      this.release();
      resolve(exitCode);
    });
    this.#cancelNote = clock.after(noteAfterMs, () => this.#note(folder, warn));
  }

  get identity(): ProcessIdentity | null {
    return this.#identity;
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  release(): void {
    this.#cancelNote();
  }

  #note(folder: SpoolFolder, warn: SpawnOptions["warn"]): void {
    this.#identity = findProcessIdentity(this.pid);
    try {
      if (this.#identity) folder.notes.writeIdentity(this.#identity);
    } catch (thrown) {
      warn(`the process of the step in ${folder.paths.folder} could not be noted: ${String(thrown)}`);
    }
  }
}
