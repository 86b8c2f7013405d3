// Tells of changes of one file, also where an editor or a deployment puts another one in its place.

import { type FSWatcher, watch } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname } from "node:path";
import type { Clock } from "../core/clock.ts";

export interface FileWatchOptions {
  /** Absolute path; the file need not be there. */
  readonly file: string;
  readonly clock: Clock;
  /** Its content is another one, or it has come, or it is gone. */
  readonly onChange: (isThere: boolean) => void;
}

/** A file is written in several pieces, and by some editors removed first. */
const settleMs = 200;
/** Finds what the system's events missed: a folder that was replaced, a file behind a link. */
const lookEveryMs = 30_000;

export class FileWatch {
  readonly #options: FileWatchOptions;
  #watcher: FSWatcher | null = null;
  #stopTimer: (() => void) | null = null;
  #content: string | null = null;
  #isClosed = false;

  private constructor(options: FileWatchOptions) {
    this.#options = options;
  }

  static async open(options: FileWatchOptions): Promise<FileWatch> {
    const self = new FileWatch(options);
    self.#content = await self.#read();
    self.#watch();
    self.#lookIn(lookEveryMs);
    return self;
  }

  close(): void {
    this.#isClosed = true;
    this.#watcher?.close();
    this.#stopTimer?.();
  }

  /** The folder, because a watch on a file stays with the file that was there. */
  #watch(): void {
    const { file } = this.#options;
    try {
      this.#watcher = watch(dirname(file), { persistent: false }, (_, name) => {
        if (name === null || name === basename(file)) this.#lookIn(settleMs);
      });
      this.#watcher.on("error", () => this.#watcher?.close());
    } catch {
      // Then it is looked at from time to time.
      this.#watcher = null;
    }
  }

  #lookIn(delayMs: number): void {
    this.#stopTimer?.();
    if (this.#isClosed) return;
    this.#stopTimer = this.#options.clock.after(delayMs, () => void this.#look());
  }

  async #look(): Promise<void> {
    const content = await this.#read();
    if (this.#isClosed) return;
    const isOther = content !== this.#content;
    this.#content = content;
    this.#lookIn(lookEveryMs);
    if (isOther) this.#options.onChange(content !== null);
  }

  async #read(): Promise<string | null> {
    return await readFile(this.#options.file, "utf8").catch(() => null);
  }
}
