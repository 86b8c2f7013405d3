// Bytes as lines.

import { expect, test } from "bun:test";
import fc from "fast-check";
import { createLineSplitter } from "../../../src/sandbox/channel/line-splitter.ts";

function split(bytes: Uint8Array, lengths: readonly number[]): string[] {
  const lines: string[] = [];
  const take = createLineSplitter((line) => lines.push(line));
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const length = lengths[turn % lengths.length] ?? 1;
    // The reader's buffer is used again for the next chunk.
    const chunk = bytes.slice(at, at + length);
    take(chunk);
    chunk.fill(10);
    at += length;
  }
  return lines;
}

test("any cutting of a text gives its lines, each whole", () => {
  const text = fc.string({ unit: fc.constantFrom("a", "\n", "\r", "é", "€", "\u{1F600}", "\0", "{") });
  fc.assert(
    fc.property(text, fc.array(fc.integer({ min: 1, max: 12 }), { minLength: 1 }), (whole, lengths) => {
      expect(split(new TextEncoder().encode(whole), lengths)).toEqual(whole.split("\n").slice(0, -1));
    }),
  );
});

test("a line without its end is held until that comes", () => {
  const lines: string[] = [];
  const take = createLineSplitter((line) => lines.push(line));
  take(Buffer.from("one\ntw"));
  take(Buffer.from("o"));
  expect(lines).toEqual(["one"]);
  take(Buffer.from("\n\n"));
  expect(lines).toEqual(["one", "two", ""]);
});

test("a line of 8 MB in small pieces is put together once, not at every piece", () => {
  const lines: string[] = [];
  const take = createLineSplitter((line) => lines.push(line));
  const piece = new Uint8Array(1000).fill(97);
  const startedAt = performance.now();
  for (let count = 0; count < 8000; count++) take(piece);
  take(new Uint8Array([10]));
  expect(lines[0]?.length).toBe(8_000_000);
  expect(performance.now() - startedAt).toBeLessThan(2000);
});
