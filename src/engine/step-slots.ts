// How many steps, or fetches, may run at once over all runs; the rest wait in order.

export class StepSlots {
  readonly #limit: number;
  #taken = 0;
  readonly #waiting: (() => void)[] = [];
  /** Steps of an earlier life that execute still, and that nobody has taken up yet. */
  readonly #earlier = new Set<string>();

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
    this.#taken--;
    // After a restart there may be more steps than the limit, which may be a lower one.
    if (this.#taken < this.#limit) this.#next();
  }

  /** Counts a step that an earlier life of the server started, over the limit if need be. */
  occupy(stepId: string): void {
    this.#earlier.add(stepId);
    this.#taken++;
  }

  /** Hands the slot of such a step over to whoever takes it up; takes one over the limit where it has none. */
  takeOver(stepId: string): void {
    if (!this.#earlier.delete(stepId)) this.#taken++;
  }

  /** Gives back the slots of those steps of a run that nobody will take up. */
  giveUp(runId: string): void {
    for (const stepId of this.#earlier) {
      if (!stepId.startsWith(`${runId}.`)) continue;
      this.#earlier.delete(stepId);
      this.release();
    }
  }

  #next(): void {
    const next = this.#waiting.shift();
    if (next === undefined) return;
    this.#taken++;
    next();
  }
}
