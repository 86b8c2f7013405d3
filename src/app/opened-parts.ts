// The parts that are open, and how they are closed again.

/** What has been opened, to be closed in reverse order. */
export class OpenedParts {
  #closers: (() => Promise<void> | void)[] = [];

  add(closer: () => Promise<void> | void): void {
    this.#closers.push(closer);
  }

  async close(): Promise<void> {
    const closers = this.#closers.toReversed();
    this.#closers = [];
    for (const closer of closers) await closer();
  }
}
