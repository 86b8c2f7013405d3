// How many callers wait for what a run answers or comes to: each holds its connection and a timer.

export class WaitingCallers {
  readonly #max: number;
  #waiting = 0;

  constructor(max: number) {
    this.#max = max;
  }

  /** Counts a caller in, and out by the returned function; null where no more may wait. */
  enter(): (() => void) | null {
    if (this.#waiting >= this.#max) return null;
    this.#waiting++;
    let isIn = true;
    return () => {
      if (isIn) this.#waiting--;
      isIn = false;
    };
  }
}
