// How many steps of a job may still take each of its artifacts.

export class Takers {
  readonly #known = new Map<string, number>();
  /** Steps of which it is known only when they begin what they take. */
  #open = 0;

  /** `times` may be infinite: of a step that is repeated nobody knows how often. */
  add(names: readonly string[], times = 1): void {
    for (const name of names) this.#known.set(name, (this.#known.get(name) ?? 0) + times);
  }

  addOpen(times = 1): void {
    this.#open += times;
  }

  /** What one of the open steps takes. */
  close(names: readonly string[]): void {
    this.#open--;
    this.add(names);
  }

  /** One step less will take it. Gives how many there still may be. */
  countDown(name: string): number {
    const known = (this.#known.get(name) ?? Number.POSITIVE_INFINITY) - 1;
    this.#known.set(name, known);
    return known + this.#open;
  }
}
