// A queue in an order of its own: a binary heap that also gives up what is in its middle.

/** True where the first goes before the second. */
export type GoesBefore<T> = (a: T, b: T) => boolean;

export class OrderedQueue<T> {
  readonly #goesBefore: GoesBefore<T>;
  readonly #heap: T[] = [];
  readonly #places = new Map<T, number>();

  /** `goesBefore` must tell any two apart. */
  constructor(goesBefore: GoesBefore<T>) {
    this.#goesBefore = goesBefore;
  }

  get size(): number {
    return this.#heap.length;
  }

  get first(): T | undefined {
    return this.#heap[0];
  }

  add(item: T): void {
    this.#heap.push(item);
    this.#places.set(item, this.#heap.length - 1);
    this.#rise(this.#heap.length - 1);
  }

  /** True where it was there. How it compares may have changed since it was added. */
  remove(item: T): boolean {
    const place = this.#places.get(item);
    if (place === undefined) return false;
    this.#places.delete(item);
    const last = this.#heap.pop();
    if (last === undefined || last === item) return true;
    this.#put(last, place);
    this.#rise(place);
    this.#sink(this.#places.get(last) ?? place);
    return true;
  }

  /** All of them, in their order. */
  list(): readonly T[] {
    return this.#heap.toSorted((a, b) => (this.#goesBefore(a, b) ? -1 : 1));
  }

  clear(): void {
    this.#heap.length = 0;
    this.#places.clear();
  }

  #rise(start: number): void {
    const item = this.#heap[start];
    if (item === undefined) return;
    let place = start;
    while (place > 0) {
      const above = (place - 1) >> 1;
      const other = this.#heap[above];
      if (other === undefined || !this.#goesBefore(item, other)) break;
      this.#put(other, place);
      place = above;
    }
    this.#put(item, place);
  }

  #sink(start: number): void {
    const item = this.#heap[start];
    if (item === undefined) return;
    let place = start;
    for (;;) {
      const below = this.#earlierOf(2 * place + 1);
      const other = this.#heap[below];
      if (other === undefined || !this.#goesBefore(other, item)) break;
      this.#put(other, place);
      place = below;
    }
    this.#put(item, place);
  }

  /** The place of this and the next that goes before the other. */
  #earlierOf(place: number): number {
    const [left, right] = [this.#heap[place], this.#heap[place + 1]];
    return left !== undefined && right !== undefined && this.#goesBefore(right, left) ? place + 1 : place;
  }

  #put(item: T, place: number): void {
    this.#heap[place] = item;
    this.#places.set(item, place);
  }
}
