// The log of one live run: numbers its entries and hands them to those who follow.

import type { LogEntry } from "../core/log-entry.ts";
import type { Write } from "../store/store.ts";

/** What one follower may lag behind before it is sent on from the store: a thousand may have stopped reading. */
const maxQueuedEntries = 2000;
const maxQueuedLength = 1024 * 1024;

/** A line that is no output of a step. */
export interface LogLine extends Pick<LogEntry, "at" | "level" | "text"> {
  readonly source: "console" | "system";
  /** How many host calls the script had made before it; of a line about one call, the number of that. */
  readonly afterCall: number;
}

export class RunLog {
  #lastSeq = 0;
  #ended = false;
  readonly #followers = new Set<LogFollower>();
  readonly #maskText: (text: string) => string;

  /** `maskText` is what is done to each line. */
  constructor(maskText: (text: string) => string = (text) => text) {
    this.#maskText = maskText;
  }

  /** Goes on with a log that an earlier life of the run has begun. */
  startAfter(seq: number): void {
    this.#lastSeq = seq;
  }

  /** The number of the next entry. */
  nextSeq(): number {
    return ++this.#lastSeq;
  }

  /** True while somebody follows: entries that are not stored need not be made otherwise. */
  get followed(): boolean {
    return this.#followers.size > 0;
  }

  publish(entry: LogEntry): void {
    for (const follower of this.#followers) follower.push(entry);
  }

  /** Gives a line the next number: the write that records it, and what shows it to those who follow, after that. */
  append(runId: string, line: LogLine): { readonly write: Write; readonly show: () => void } {
    const { afterCall, ...numbered } = { seq: this.nextSeq(), ...line, text: this.#maskText(line.text) };
    const show = (): void => this.publish({ ...numbered, stepId: null, stepName: null });
    return { write: { type: "log.line", runId, afterCall, ...numbered }, show };
  }

  follow(): LogFollower {
    const follower = new LogFollower(() => this.#followers.delete(follower));
    if (this.#ended) follower.end();
    else this.#followers.add(follower);
    return follower;
  }

  /** No more entries come. */
  end(): void {
    this.#ended = true;
    for (const follower of this.#followers) follower.end();
    this.#followers.clear();
  }
}

/** Live entries for one reader, as many as it may lag behind. */
export class LogFollower {
  readonly #unsubscribe: () => void;
  #queue: LogEntry[] = [];
  #queuedLength = 0;
  #ended = false;
  #overflowed = false;
  #wake: (() => void) | null = null;

  constructor(unsubscribe: () => void) {
    this.#unsubscribe = unsubscribe;
  }

  push(entry: LogEntry): void {
    if (this.#overflowed) return;
    this.#queue.push(entry);
    this.#queuedLength += entry.text.length;
    if (this.#queue.length > maxQueuedEntries || this.#queuedLength > maxQueuedLength) {
      this.#overflowed = true;
      this.#queue = [];
    }
    this.#wake?.();
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  close(): void {
    this.#unsubscribe();
    this.end();
  }

  /** The next entries; `lost` where some were dropped and are to be read from the store; null at the end. */
  async next(): Promise<{ readonly entries: readonly LogEntry[]; readonly lost: boolean } | null> {
    while (this.#queue.length === 0 && !this.#overflowed && !this.#ended) {
      await new Promise<void>((resolve) => (this.#wake = resolve));
      this.#wake = null;
    }
    const entries = this.#queue;
    const lost = this.#overflowed;
    this.#queue = [];
    this.#queuedLength = 0;
    this.#overflowed = false;
    return entries.length === 0 && !lost && this.#ended ? null : { entries, lost };
  }
}
