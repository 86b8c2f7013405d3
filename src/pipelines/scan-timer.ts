// When to look at the folder: shortly after something happened, at the latest some time after the last look, never
// twice at once.

import type { Clock } from "../core/clock.ts";

export interface ScanTimerOptions {
  readonly clock: Clock;
  /** How long nothing more must happen before the look; editors do several things to save one file. */
  readonly quietMs: number;
  /** How long a look is put off at most while things go on happening. */
  readonly patienceMs: number;
  /** Time between looks where nothing is heard of. */
  readonly rescanMs: number;
  /** `noticedAt`: when the first thing happened that this look is for. Never rejects. */
  readonly scan: (noticedAt: number, periodic: boolean) => Promise<void>;
}

export class ScanTimer {
  readonly #options: ScanTimerOptions;
  #noticedAt: number | null = null;
  #scanning: Promise<void> | null = null;
  #cancel: () => void = () => {};
  #closed = false;

  constructor(options: ScanTimerOptions) {
    this.#options = options;
    this.#arm();
  }

  /** Something happened. */
  poke(): void {
    const { clock } = this.#options;
    this.#noticedAt ??= clock.now();
    if (!this.#scanning) this.#arm();
  }

  /** Looks once more after at least this long. */
  pokeIn(delayMs: number): void {
    this.#options.clock.after(delayMs, () => this.poke());
  }

  /** Does `work` while nobody looks at the folder, then looks; resolves when both are done. @throws what `work` throws. */
  async lookAfter(work: () => Promise<void>): Promise<void> {
    while (this.#scanning) await this.#scanning;
    this.#cancel();
    this.#noticedAt ??= this.#options.clock.now();
    const working = work();
    const looked = working.catch(() => undefined).then(() => this.#scan());
    this.#scanning = looked;
    await working;
    await looked;
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancel();
    await this.#scanning;
  }

  #arm(): void {
    this.#cancel();
    if (this.#closed) return;
    const { clock, quietMs, patienceMs, rescanMs } = this.#options;
    const waited = this.#noticedAt === null ? 0 : clock.now() - this.#noticedAt;
    const delayMs = this.#noticedAt === null ? rescanMs : Math.max(0, Math.min(quietMs, patienceMs - waited));
    this.#cancel = clock.after(delayMs, () => {
      this.#scanning = this.#scan();
    });
  }

  async #scan(): Promise<void> {
    const noticedAt = this.#noticedAt;
    this.#noticedAt = null;
    await this.#options.scan(noticedAt ?? this.#options.clock.now(), noticedAt === null);
    this.#scanning = null;
    this.#arm();
  }
}
