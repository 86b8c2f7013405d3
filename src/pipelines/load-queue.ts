// Work by key: a few keys at once, one key never twice at once, and once more where it was asked for in the meantime.

export class LoadQueue {
  readonly #work: (key: string) => Promise<void>;
  readonly #concurrency: number;
  readonly #waiting = new Set<string>();
  readonly #running = new Set<string>();
  #idleWaiters: (() => void)[] = [];
  readonly #settleWaiters = new Map<string, (() => void)[]>();

  /** `work` never rejects. */
  constructor(concurrency: number, work: (key: string) => Promise<void>) {
    this.#concurrency = concurrency;
    this.#work = work;
  }

  add(key: string): void {
    this.#waiting.add(key);
    this.#startNext();
  }

  /** Resolves when nothing waits or runs. */
  async idle(): Promise<void> {
    if (this.#waiting.size + this.#running.size === 0) return;
    await new Promise<void>((resolve) => this.#idleWaiters.push(resolve));
  }

  /** Resolves when this key neither waits nor runs. */
  async settled(key: string): Promise<void> {
    if (!this.#waiting.has(key) && !this.#running.has(key)) return;
    const waiters = this.#settleWaiters.get(key) ?? [];
    this.#settleWaiters.set(key, waiters);
    await new Promise<void>((resolve) => waiters.push(resolve));
  }

  /** Forgets what waits; what runs goes on. */
  clear(): void {
    const keys = [...this.#waiting];
    this.#waiting.clear();
    for (const key of keys) this.#tellSettled(key);
  }

  #startNext(): void {
    for (const key of this.#waiting) {
      if (this.#running.size >= this.#concurrency) return;
      if (this.#running.has(key)) continue;
      this.#waiting.delete(key);
      this.#running.add(key);
      void this.#work(key).finally(() => this.#finish(key));
    }
  }

  #finish(key: string): void {
    this.#running.delete(key);
    this.#startNext();
    this.#tellSettled(key);
    if (this.#waiting.size + this.#running.size > 0) return;
    const waiters = this.#idleWaiters;
    this.#idleWaiters = [];
    for (const resolve of waiters) resolve();
  }

  #tellSettled(key: string): void {
    if (this.#waiting.has(key) || this.#running.has(key)) return;
    const waiters = this.#settleWaiters.get(key) ?? [];
    this.#settleWaiters.delete(key);
    for (const resolve of waiters) resolve();
  }
}
