// That something is to end, and who is told: what an AbortSignal is made of.

export class Ending {
  readonly #last: () => void;
  readonly #followers = new Set<() => void>();
  #reason: unknown;
  #isOver = false;

  /** `last` is called when all that follow have been told. */
  constructor(last: () => void = () => {}) {
    this.#last = last;
  }

  get isOver(): boolean {
    return this.#isOver;
  }

  /** What whatever waits for it is rejected with. */
  get reason(): unknown {
    return this.#reason;
  }

  /** Calls back once, when it ends. Returns what forgets that again. */
  follow(onEnd: () => void): () => void {
    this.#followers.add(onEnd);
    return () => this.#followers.delete(onEnd);
  }

  end(reason: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#reason = reason;
    const followers = [...this.#followers];
    this.#followers.clear();
    for (const tell of followers) tell();
    this.#last();
  }
}
