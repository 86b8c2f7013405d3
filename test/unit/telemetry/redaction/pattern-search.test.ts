// The search for many patterns at once, beside one that looks everywhere for each.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { PatternSearch, type Span } from "../../../../src/telemetry/redaction/pattern-search.ts";

/** Marks every byte of every occurrence, then reads the marks. */
function findSlowly(bytes: Buffer, patterns: readonly Buffer[]): readonly Span[] {
  const found: Span[] = [];
  for (const pattern of patterns) {
    for (let at = bytes.indexOf(pattern); at >= 0; at = bytes.indexOf(pattern, at + 1)) {
      found.push({ start: at, end: at + pattern.length });
    }
  }
  const spans: Span[] = [];
  for (const span of found.toSorted((a, b) => a.start - b.start || a.end - b.end)) {
    const last = spans.at(-1);
    if (last !== undefined && span.start < last.end) {
      spans[spans.length - 1] = { start: last.start, end: Math.max(last.end, span.end) };
    } else spans.push(span);
  }
  return spans;
}

function findOpenSlowly(bytes: Buffer, patterns: readonly Buffer[]): number {
  for (let start = 0; start < bytes.length; start++) {
    const rest = bytes.subarray(start);
    if (patterns.some((each) => each.length > rest.length && each.subarray(0, rest.length).equals(rest))) return start;
  }
  return bytes.length;
}

/** Few letters, so that patterns occur, repeat and overlap. */
const letters = fc.constantFrom("a", "b");
const pattern = fc.string({ unit: letters, minLength: 3, maxLength: 12 }).map((text) => Buffer.from(text));
const patterns = fc.array(pattern, { maxLength: 6 });

describe("PatternSearch", () => {
  test("finds every byte of every occurrence, and no other", () => {
    fc.assert(
      fc.property(patterns, fc.string({ unit: letters, maxLength: 80 }), (wanted, text) => {
        const bytes = Buffer.from(text);
        expect(new PatternSearch(wanted).find(bytes)).toEqual(findSlowly(bytes, wanted));
      }),
      { numRuns: 600 },
    );
  });

  test("finds patterns of any bytes between any others", () => {
    const any = fc.uint8Array({ minLength: 3, maxLength: 300 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.array(any, { minLength: 1, maxLength: 20 }), fc.uint8Array({ maxLength: 50 }), (wanted, gap) => {
        const bytes = Buffer.concat(wanted.flatMap((each) => [gap, each]));
        expect(new PatternSearch(wanted).find(bytes)).toEqual(findSlowly(bytes, wanted));
      }),
    );
  });

  test("tells where the longest beginning of a pattern begins that the bytes end with", () => {
    fc.assert(
      fc.property(patterns, fc.string({ unit: letters, maxLength: 20 }), (wanted, text) => {
        const bytes = Buffer.from(text);
        expect(new PatternSearch(wanted).findOpen(bytes)).toBe(findOpenSlowly(bytes, wanted));
      }),
      { numRuns: 600 },
    );
  });

  test("of no patterns finds nothing and waits for nothing", () => {
    const search = new PatternSearch([]);
    expect([search.isEmpty, search.find(Buffer.from("abc")), search.findOpen(Buffer.from("abc"))]).toEqual([
      true,
      [],
      3,
    ]);
  });
});
