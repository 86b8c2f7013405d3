// The folder of one step: its stdin, output and exit status as files, its working folder and its temporary folder.

import {
  closeSync,
  constants,
  fstatSync,
  mkdirSync,
  openSync,
  readFileSync,
  readSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { writeFile } from "node:fs/promises";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import type { AppError } from "../../core/app-error.ts";
import { notStarted, systemCode } from "./not-started.ts";
import { removeFolder } from "./remove-folder.ts";
import { StepNotes } from "./step-notes.ts";
import { parseStatus, saysTold } from "./wrapper-script.ts";

/** Appending keeps writers whole when a command truncates its own output (`echo x > /dev/stderr` does). */
const fileFlags = constants.O_RDWR | constants.O_APPEND | constants.O_CREAT | constants.O_EXCL;

/** Above this, stdin is written without holding up the server. */
const largeStdinBytes = 256 * 1024;

export const statusFile = "status";

/** Where the wrapper has them, as spawn-wrapper.ts passes them. */
const wrapperFds = { stdout: 1, status: 2, stderr: 3 } as const;

export interface SpoolPaths {
  readonly folder: string;
  readonly workDir: string;
  readonly tmpDir: string;
  readonly stdout: string;
  readonly stderr: string;
}

export function spoolPaths(spoolDir: string, stepId: string): SpoolPaths {
  const folder = join(spoolDir, stepId);
  const inside = (name: string): string => join(folder, name);
  return {
    folder,
    workDir: inside("work"),
    tmpDir: inside("tmp"),
    stdout: inside("stdout"),
    stderr: inside("stderr"),
  };
}

/** The files that a wrapper writes into. */
interface WrittenFiles {
  readonly stdout: number;
  readonly stderr: number;
  readonly status: number;
}

/** A step's folder with its files open; `close` closes them and leaves the folder. */
export class SpoolFolder {
  readonly paths: SpoolPaths;
  readonly notes: StepNotes;
  /** Null: no stdin. */
  stdinFd: number | null = null;
  readonly #openFds: number[] = [];
  #files: WrittenFiles = { stdout: -1, stderr: -1, status: -1 };

  private constructor(paths: SpoolPaths) {
    this.paths = paths;
    this.notes = new StepNotes(paths.folder);
  }

  /**
   * Makes the folder, mode 0700.
   * @throws {AppError} STEP_NOT_STARTED when the disk is full, too many files are open, or it exists.
   */
  static async create(spoolDir: string, stepId: string, stdin: string | undefined): Promise<SpoolFolder> {
    const paths = spoolPaths(spoolDir, stepId);
    const folder = new SpoolFolder(paths);
    let made = false;
    try {
      makePrivateFolder(spoolDir, paths.folder);
      made = true;
      mkdirSync(paths.workDir, 0o700);
      mkdirSync(paths.tmpDir, 0o700);
      folder.#makeFiles();
      if (stdin !== undefined) await folder.#fillStdin(stdin);
      return folder;
    } catch (thrown) {
      folder.close();
      if (made) await removeFolder(paths.folder).catch(() => {});
      throw notMade(paths.folder, thrown);
    }
  }

  /**
   * Opens the folder of an earlier life, to read. Null where its files are gone. A step that is a process may have
   * removed its own folder: the files are then those that the wrapper still has open.
   */
  static open(spoolDir: string, stepId: string, wrapperPid: number | null = null): SpoolFolder | null {
    const folder = new SpoolFolder(spoolPaths(spoolDir, stepId));
    const reopen = (name: keyof WrittenFiles): number => folder.#reopen(name, wrapperPid);
    try {
      folder.#files = { stdout: reopen("stdout"), stderr: reopen("stderr"), status: reopen("status") };
      return folder;
    } catch (thrown) {
      folder.close();
      if (systemCode(thrown) === "ENOENT") return null;
      throw thrown;
    }
  }

  get stdoutFd(): number {
    return this.#files.stdout;
  }

  get stderrFd(): number {
    return this.#files.stderr;
  }

  get statusFd(): number {
    return this.#files.status;
  }

  /**
   * Replaces the files that a wrapper writes into by empty ones, for another wrapper.
   * @throws {AppError} STEP_NOT_STARTED when they cannot be made.
   */
  renew(): void {
    this.close();
    try {
      for (const name of Object.keys(wrapperFds)) rmSync(join(this.paths.folder, name), { force: true });
      this.#makeFiles();
    } catch (thrown) {
      this.close();
      throw notMade(this.paths.folder, thrown);
    }
  }

  /** How much there is in the status file, which is not empty from the start. */
  statusBytes(): number {
    return fstatSync(this.statusFd).size;
  }

  /** The end that the wrapper wrote down; null while there is none. */
  readEnd(): NotedEnd | null {
    const tail = Buffer.alloc(256);
    const start = Math.max(0, this.statusBytes() - tail.length);
    return parseEnd(tail.toString("latin1", 0, readSync(this.statusFd, tail, 0, tail.length, start)));
  }

  close(): void {
    for (const fd of this.#openFds.splice(0)) closeSync(fd);
  }

  #makeFiles(): void {
    this.#files = {
      stdout: this.#open("stdout", fileFlags),
      stderr: this.#open("stderr", fileFlags),
      status: this.#open(statusFile, fileFlags),
    };
    // What comes later is in the same block of the disk, so the status can be written when the disk is full.
    writeSync(this.statusFd, "\n");
  }

  async #fillStdin(text: string): Promise<void> {
    const file = join(this.paths.folder, "stdin");
    if (text.length > largeStdinBytes) await writeFile(file, text, { mode: 0o600 });
    else writeFileSync(file, text, { mode: 0o600 });
    this.stdinFd = this.#open("stdin", constants.O_RDONLY);
  }

  #reopen(name: keyof WrittenFiles, wrapperPid: number | null): number {
    try {
      return this.#open(name, constants.O_RDONLY);
    } catch (thrown) {
      if (wrapperPid === null || systemCode(thrown) !== "ENOENT") throw thrown;
      return this.#keep(openSync(`/proc/${wrapperPid}/fd/${wrapperFds[name]}`, constants.O_RDONLY));
    }
  }

  #open(name: string, flags: number): number {
    return this.#keep(openSync(join(this.paths.folder, name), flags, 0o600));
  }

  #keep(fd: number): number {
    this.#openFds.push(fd);
    return fd;
  }
}

/** How a wrapper has ended. */
export interface NotedEnd {
  readonly status: number;
  /** Somebody told it to end before. */
  readonly wasTold: boolean;
}

/** True where a wrapper has written that it is there: the folder was made with one byte less. */
export function saysBegun(folder: string): boolean {
  return (statSync(join(folder, statusFile), { throwIfNoEntry: false })?.size ?? 0) > 1;
}

/** Null where the folder has no complete exit status. */
export function findEnd(folder: string): NotedEnd | null {
  try {
    return parseEnd(readFileSync(join(folder, statusFile), "latin1"));
  } catch {
    return null;
  }
}

function parseEnd(text: string): NotedEnd | null {
  const status = parseStatus(text);
  return status === null ? null : { status, wasTold: saysTold(text) };
}

function notMade(folder: string, thrown: unknown): AppError {
  return notStarted(
    `the step's folder ${folder} could not be made: ${thrown instanceof Error ? thrown.message : String(thrown)}`,
    "check that the data folder is writable and the disk is not full",
    thrown,
  );
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
