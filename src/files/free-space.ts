// How much room the disks have: looked at from time to time, so that asking costs nothing.

import { statfs } from "node:fs/promises";
import { AppError } from "../core/app-error.ts";
import { formatByteSize } from "../core/byte-size.ts";
import type { Clock } from "../core/clock.ts";

const lookEveryMs = 1000;
/** There is enough again with this much more than the least, so that a disk at the edge does not go back and forth. */
const marginPercent = 10;

/** Of one disk, as statfs(2) tells. */
export interface DiskSpace {
  readonly bsize: number;
  readonly blocks: number;
  /** For ordinary users. */
  readonly bavail: number;
}

export interface FreeSpaceOptions {
  /** Of each its disk is watched. */
  readonly folders: readonly string[];
  /** 0: nothing is watched. */
  readonly minBytes: number;
  readonly clock: Pick<Clock, "after">;
  /** Told when there is too little, with the error, and when there is enough again, with null. */
  readonly onChange: (low: AppError | null) => void;
  readonly statfs?: (folder: string) => Promise<DiskSpace>;
}

export interface FreeSpaceWatch {
  /** @throws {AppError} DISK_LOW where there was too little at the last look, a second ago at most. */
  check(): void;
  close(): void;
}

/** Resolves after the first look. */
export async function openFreeSpaceWatch(options: FreeSpaceOptions): Promise<FreeSpaceWatch> {
  const watch = new Watch(options);
  if (options.minBytes > 0) await watch.look();
  return watch;
}

class Watch implements FreeSpaceWatch {
  readonly #options: FreeSpaceOptions;
  #low: AppError | null = null;
  #cancelNext: (() => void) | null = null;
  #closed = false;

  constructor(options: FreeSpaceOptions) {
    this.#options = options;
  }

  check(): void {
    if (this.#low !== null) throw this.#low;
  }

  close(): void {
    this.#closed = true;
    this.#cancelNext?.();
  }

  async look(): Promise<void> {
    const { folders, minBytes, clock, onChange } = this.#options;
    const wanted = this.#low === null ? minBytes : minBytes + (minBytes * marginPercent) / 100;
    const before = this.#low;
    const errors = await Promise.all(folders.map((folder) => this.#lookAt(folder, wanted)));
    if (this.#closed) return;
    this.#low = errors.find((error) => error !== null) ?? null;
    if ((before === null) !== (this.#low === null)) onChange(this.#low);
    this.#cancelNext = clock.after(lookEveryMs, () => void this.look());
  }

  async #lookAt(folder: string, wanted: number): Promise<AppError | null> {
    try {
      const { bsize, blocks, bavail } = await (this.#options.statfs ?? statfs)(folder);
      // Some file systems of the network do not say.
      if (blocks === 0 || bsize * bavail >= wanted) return null;
      return tooLittle(folder, Math.max(0, bsize * bavail), this.#options.minBytes);
    } catch {
      // Whatever is wrong there, writing will tell.
      return null;
    }
  }
}

function tooLittle(folder: string, freeBytes: number, minBytes: number): AppError {
  const least = formatByteSize(minBytes);
  return new AppError(
    "DISK_LOW",
    `no new runs are taken: the disk of ${folder} has ${roundMib(freeBytes)} free, less than ${least}`,
    {
      hint: "free some space there, shorten --retention, or lower --min-free-space",
      details: { folder, freeBytes, minBytes },
    },
  );
}

function roundMib(bytes: number): string {
  return `${(bytes / 1024 ** 2).toFixed(1)} MiB`;
}
