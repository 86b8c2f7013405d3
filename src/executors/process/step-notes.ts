// What a server writes down in a step's folder for a later life of it: the process, the engine of its container, its own
// ending of the step, and where in the stream a file begins that the step has emptied.

import { closeSync, constants, openSync, readFileSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { OutputStream } from "../executor.ts";
import { notWritten } from "./not-started.ts";
import { parseIdentity, type ProcessIdentity } from "./process-stat.ts";
import { type EndReason, isEndReason } from "./step-outcome.ts";

const identityFile = "process";
const endingFile = "ending";
const emptiedFile = "emptied";
const engineFile = "engine";

/** Each stream has a record of its own in the file, written at once, so that a kill in the middle leaves a whole one. */
const recordBytes = 20;
const records: Readonly<Record<OutputStream, number>> = { stdout: 0, stderr: recordBytes };

export class StepNotes {
  readonly #folder: string;

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Which process is the step's, for finding it again. */
  writeIdentity(identity: ProcessIdentity): void {
    writeFileSync(join(this.#folder, identityFile), `${JSON.stringify(identity)}\n`, { mode: 0o600 });
  }

  /** Null where there is none or it is not readable. */
  findIdentity(): ProcessIdentity | null {
    return parseIdentity(this.#read(identityFile));
  }

  /** That the step is being ended and why: a later life goes on with it, and its status is not that of its command. */
  writeEnding(reason: EndReason): void {
    writeFileSync(join(this.#folder, endingFile), reason, { mode: 0o600 });
  }

  findEnding(): EndReason | null {
    const reason = this.#read(endingFile);
    return isEndReason(reason) ? reason : null;
  }

  /**
   * The name of the container engine's command: a container of one engine is not known to another.
   * @throws {AppError} STEP_NOT_STARTED when it cannot be written.
   */
  writeEngine(name: string): void {
    const file = join(this.#folder, engineFile);
    try {
      writeFileSync(file, name, { mode: 0o600 });
    } catch (thrown) {
      throw notWritten(file, thrown);
    }
  }

  /** Empty where there is none. */
  findEngine(): string {
    return this.#read(engineFile);
  }

  /** The file of this stream begins anew at this place of the stream. */
  writeEmptied(stream: OutputStream, offset: number): void {
    const fd = openSync(join(this.#folder, emptiedFile), constants.O_WRONLY | constants.O_CREAT, 0o600);
    try {
      writeSync(fd, `${offset}\n`.padStart(recordBytes), records[stream]);
    } finally {
      closeSync(fd);
    }
  }

  /** The place in the stream of the file's first byte. */
  findEmptied(stream: OutputStream): number {
    const start = records[stream];
    const offset = Number(
      this.#read(emptiedFile)
        .slice(start, start + recordBytes)
        .replaceAll("\0", ""),
    );
    return Number.isSafeInteger(offset) ? offset : 0;
  }

  #read(name: string): string {
    try {
      return readFileSync(join(this.#folder, name), "latin1");
    } catch {
      return "";
    }
  }
}
