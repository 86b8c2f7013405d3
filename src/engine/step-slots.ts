// How many steps, or fetches, may run at once over all runs; the rest wait in order.

export class StepSlots {
  readonly #limit: number;
  #taken = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Takes a slot at once, if one is free and nobody waits. */
  tryTake(): boolean {
    if (this.#taken >= this.#limit || this.#waiting.length > 0) return false;
    this.#taken++;
    return true;
  }

  /** Waits for a slot, which may be free by now; the returned function gives up waiting and tells whether it still did. */
  wait(onTaken: () => void): () => boolean {
    if (this.tryTake()) {
      onTaken();
      return () => false;
    }
    this.#waiting.push(onTaken);
    return () => {
      const index = this.#waiting.indexOf(onTaken);
      if (index !== -1) this.#waiting.splice(index, 1);
      return index !== -1;
    };
  }

  release(): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#taken--;
    else next();
  }
}
