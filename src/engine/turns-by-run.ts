// What is done to one run is done one thing after the other, in the order it was asked for.

export class TurnsByRun {
  readonly #last = new Map<string, Promise<unknown>>();

  /** Does the work when what was begun before for the same run is done, however that went; at once where that is nothing. */
  async take<T>(runId: string, work: () => Promise<T>): Promise<T> {
    const before = this.#last.get(runId);
    const turn = before === undefined ? work() : before.then(work, work);
    this.#last.set(runId, turn);
    try {
      return await turn;
    } finally {
      if (this.#last.get(runId) === turn) this.#last.delete(runId);
    }
  }
}
