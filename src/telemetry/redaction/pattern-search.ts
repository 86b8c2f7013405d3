// A search for many byte patterns at once that looks at few of the bytes: S. Wu, U. Manber, "A fast algorithm for
// multi-pattern searching" (1994), with blocks of three bytes.

/** A place in bytes: from `start` up to `end`, that excluded. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

const blockBytes = 3;
const tableSize = 1 << 15;
/** No text is skipped in larger steps than this. */
const longestWindow = 255;

export class PatternSearch {
  readonly #patterns: readonly Uint8Array[];
  /** As many bytes at the beginning of each pattern are what the window is compared with. */
  readonly #window: number = longestWindow;
  /** How far the window can move on, by its last block; 0: it may be the beginning of a pattern. */
  readonly #shifts: Uint8Array;
  /** The patterns that a window may be the beginning of, by its last block. */
  readonly #candidates = new Map<number, number[]>();
  /** Patterns by their first byte. */
  readonly #byFirst: readonly number[][] = Array.from({ length: 256 }, () => []);
  /** 1 where a pattern begins with these two bytes. */
  readonly #beginnings = new Uint8Array(1 << 16);
  readonly #longest: number = 0;

  /** Of patterns with at least three bytes each; there may be none. */
  constructor(patterns: readonly Uint8Array[]) {
    this.#patterns = patterns;
    for (const { length } of patterns) {
      this.#window = Math.min(this.#window, length);
      this.#longest = Math.max(this.#longest, length);
    }
    this.#shifts = new Uint8Array(tableSize).fill(this.#window - blockBytes + 1);
    for (const [index, pattern] of patterns.entries()) this.#enter(pattern, index);
  }

  get isEmpty(): boolean {
    return this.#patterns.length === 0;
  }

  #enter(pattern: Uint8Array, index: number): void {
    for (let end = blockBytes; end <= this.#window; end++) {
      const block = hashAt(pattern, end - 1);
      this.#shifts[block] = Math.min(this.#shifts[block] ?? 0, this.#window - end);
    }
    const last = hashAt(pattern, this.#window - 1);
    const candidates = this.#candidates.get(last);
    if (candidates) candidates.push(index);
    else this.#candidates.set(last, [index]);
    const [first = 0, second = 0] = pattern;
    this.#byFirst[first]?.push(index);
    this.#beginnings[(first << 8) | second] = 1;
  }

  /** Every byte that belongs to an occurrence of a pattern; spans that overlap are one. In order. */
  find(bytes: Uint8Array): readonly Span[] {
    const found: Span[] = [];
    if (this.isEmpty) return found;
    const shifts = this.#shifts;
    const beginnings = this.#beginnings;
    const { length } = bytes;
    let last = this.#window - 1;
    while (last < length) {
      // One load for each step: hashAt() in line, since this loop is all the time it takes.
      const shift = shifts[
        (((bytes[last - 2] as number) << 10) ^ ((bytes[last - 1] as number) << 5) ^ (bytes[last] as number)) &
          (tableSize - 1)
      ] as number;
      if (shift > 0) last += shift;
      else {
        const start = last - this.#window + 1;
        const two = ((bytes[start] as number) << 8) | (bytes[start + 1] as number);
        const end = beginnings[two] === 1 ? this.#longestAt(bytes, start, last) : 0;
        if (end > 0) addSpan(found, start, end);
        last++;
      }
    }
    return found;
  }

  /** Where the longest end of the bytes begins that may be the beginning of a pattern; their length where none may. */
  findOpen(bytes: Uint8Array): number {
    const { length } = bytes;
    for (let start = Math.max(0, length - this.#longest + 1); start < length - 1; start++) {
      const two = ((bytes[start] as number) << 8) | (bytes[start + 1] as number);
      if (this.#beginnings[two] === 1 && this.#isOpenAt(bytes, start)) return start;
    }
    const final = bytes[length - 1];
    return final !== undefined && (this.#byFirst[final]?.length ?? 0) > 0 ? length - 1 : length;
  }

  /** The end of the longest pattern there; 0 where there is none. */
  #longestAt(bytes: Uint8Array, start: number, windowEnd: number): number {
    let longest = 0;
    for (const index of this.#candidates.get(hashAt(bytes, windowEnd)) ?? []) {
      const pattern = this.#patterns[index] ?? bytes;
      const end = start + pattern.length;
      if (end > longest && end <= bytes.length && isSame(bytes, start, pattern, pattern.length)) longest = end;
    }
    return longest;
  }

  #isOpenAt(bytes: Uint8Array, start: number): boolean {
    const rest = bytes.length - start;
    return (this.#byFirst[bytes[start] ?? 0] ?? []).some((index) => {
      const pattern = this.#patterns[index] ?? bytes;
      return pattern.length > rest && isSame(bytes, start, pattern, rest);
    });
  }
}

function hashAt(bytes: Uint8Array, last: number): number {
  const [first = 0, second = 0, third = 0] = [bytes[last - 2], bytes[last - 1], bytes[last]];
  return ((first << 10) ^ (second << 5) ^ third) & (tableSize - 1);
}

function isSame(bytes: Uint8Array, start: number, pattern: Uint8Array, length: number): boolean {
  for (let index = 0; index < length; index++) if (bytes[start + index] !== pattern[index]) return false;
  return true;
}

/** They come in order of their starts. */
function addSpan(found: Span[], start: number, end: number): void {
  const before = found.at(-1);
  if (before === undefined || before.end <= start) found.push({ start, end });
  else if (before.end < end) found[found.length - 1] = { start: before.start, end };
}
