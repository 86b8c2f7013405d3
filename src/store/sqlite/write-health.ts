// Whether the database can be written. Once it could not, a small write is tried from time to time until one succeeds,
// so that the end of the trouble is noticed without anybody asking for something.

import type { AppError } from "../../core/app-error.ts";
import type { Clock } from "../../core/clock.ts";

const firstProbeMs = 100;
const longestProbeMs = 1000;

export interface WriteHealthOptions {
  readonly clock: Pick<Clock, "after">;
  /** Tries to write; tells the outcome by `succeeded` or `failed`. */
  readonly probe: () => void;
  /** Told when the trouble begins, with its first error, and when it has ended, with null. */
  readonly onChange: (trouble: AppError | null) => void;
}

export class WriteHealth {
  readonly #options: WriteHealthOptions;
  #trouble: AppError | null = null;
  #probeInMs = firstProbeMs;
  #cancelProbe: (() => void) | null = null;
  #closed = false;

  constructor(options: WriteHealthOptions) {
    this.#options = options;
  }

  /** @throws {AppError} STORE_UNAVAILABLE: the error of the last write, where it failed. */
  check(): void {
    if (this.#trouble !== null) throw this.#trouble;
  }

  succeeded(): void {
    if (this.#trouble === null) return;
    this.#trouble = null;
    this.#probeInMs = firstProbeMs;
    this.#cancelProbe?.();
    this.#cancelProbe = null;
    this.#options.onChange(null);
  }

  failed(error: AppError): void {
    const isNew = this.#trouble === null;
    this.#trouble = error;
    if (isNew) this.#options.onChange(error);
    if (this.#cancelProbe !== null || this.#closed) return;
    this.#cancelProbe = this.#options.clock.after(this.#probeInMs, () => {
      this.#cancelProbe = null;
      this.#options.probe();
    });
    this.#probeInMs = Math.min(2 * this.#probeInMs, longestProbeMs);
  }

  close(): void {
    this.#closed = true;
    this.#cancelProbe?.();
  }
}
