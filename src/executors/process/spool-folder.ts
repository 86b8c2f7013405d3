// The folder of one step: its stdin, output and exit status as files, its working folder and its temporary folder.

import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { writeFile } from "node:fs/promises";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { notStarted, systemCode } from "./not-started.ts";
import { parseIdentity, type ProcessIdentity } from "./process-stat.ts";
import { removeFolder } from "./remove-folder.ts";
import { parseStatus } from "./wrapper-script.ts";

/** Appending keeps writers whole when a command truncates its own output (`echo x > /dev/stderr` does). */
const fileFlags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_EXCL;

/** Above this, stdin is written without holding up the server. */
const largeStdinBytes = 256 * 1024;

const identityFile = "process";
const statusFile = "status";

export interface SpoolPaths {
  readonly folder: string;
  readonly workDir: string;
  readonly tmpDir: string;
}

export function spoolPaths(spoolDir: string, stepId: string): SpoolPaths {
  const folder = join(spoolDir, stepId);
  return { folder, workDir: join(folder, "work"), tmpDir: join(folder, "tmp") };
}

/** A step's folder with its files open; `close` closes them and leaves the folder. */
export class SpoolFolder {
  readonly paths: SpoolPaths;
  /** Null: no stdin. */
  stdinFd: number | null = null;
  readonly stdoutFd: number;
  readonly stderrFd: number;
  readonly statusFd: number;
  readonly #openFds: number[] = [];

  private constructor(paths: SpoolPaths) {
    this.paths = paths;
    try {
      mkdirSync(paths.workDir, 0o700);
      mkdirSync(paths.tmpDir, 0o700);
      this.stdoutFd = this.#open("stdout", fileFlags);
      this.stderrFd = this.#open("stderr", fileFlags);
      this.statusFd = this.#open(statusFile, fileFlags);
      // What comes later is in the same block of the disk, so the status can be written when the disk is full.
      writeSync(this.statusFd, "\n");
    } catch (thrown) {
      this.close();
      throw thrown;
    }
  }

  /**
   * Makes the folder, mode 0700.
   * @throws {AppError} STEP_NOT_STARTED when the disk is full, too many files are open, or it exists.
   */
  static async create(spoolDir: string, stepId: string, stdin: string | undefined): Promise<SpoolFolder> {
    const paths = spoolPaths(spoolDir, stepId);
    let made = false;
    try {
      makePrivateFolder(spoolDir, paths.folder);
      made = true;
      const folder = new SpoolFolder(paths);
      if (stdin !== undefined) await folder.#fillStdin(stdin);
      return folder;
    } catch (thrown) {
      if (made) await removeFolder(paths.folder).catch(() => {});
      throw notStarted(
        `the step's folder ${paths.folder} could not be made: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
        "check that the data folder is writable and the disk is not full",
        thrown,
      );
    }
  }

  /** Notes which process is the step's, for finding it again. */
  writeIdentity(identity: ProcessIdentity): void {
    writeFileSync(join(this.paths.folder, identityFile), `${JSON.stringify(identity)}\n`, { mode: 0o600 });
  }

  /** The exit status that the wrapper wrote; null while there is none. */
  readStatus(): number | null {
    const tail = Buffer.alloc(256);
    const start = Math.max(0, fstatSync(this.statusFd).size - tail.length);
    return parseStatus(tail.toString("latin1", 0, readSync(this.statusFd, tail, 0, tail.length, start)));
  }

  close(): void {
    for (const fd of this.#openFds.splice(0)) closeSync(fd);
  }

  async #fillStdin(text: string): Promise<void> {
    const file = join(this.paths.folder, "stdin");
    try {
      if (text.length > largeStdinBytes) await writeFile(file, text, { mode: 0o600 });
      else writeFileSync(file, text, { mode: 0o600 });
      this.stdinFd = this.#open("stdin", constants.O_RDONLY);
    } catch (thrown) {
      this.close();
      throw thrown;
    }
  }

  #open(name: string, flags: number): number {
    const fd = openSync(join(this.paths.folder, name), flags, 0o600);
    this.#openFds.push(fd);
    return fd;
  }
}

/** The process noted in a folder of an earlier server life; null where there is none or it is not readable. */
export function findIdentity(folder: string): ProcessIdentity | null {
  return parseIdentity(readText(join(folder, identityFile)));
}

/** The exit status in a folder of an earlier server life. */
export function findStatus(folder: string): number | null {
  return parseStatus(readText(join(folder, statusFile)));
}

function readText(file: string): string {
  try {
    return readFileSync(file, "latin1");
  } catch {
    return "";
  }
}

function makePrivateFolder(spoolDir: string, folder: string): void {
  try {
    mkdirSync(folder, 0o700);
  } catch (thrown) {
    if (systemCode(thrown) !== "ENOENT") throw thrown;
    mkdirSync(spoolDir, { recursive: true, mode: 0o700 });
    mkdirSync(folder, 0o700);
  }
}
