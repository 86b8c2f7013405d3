// A byte stream cut between characters only.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Utf8Chunker } from "../../../src/engine/utf8-chunker.ts";

/** Feeds the bytes in pieces of the given lengths, over and over. */
function chunk(bytes: Uint8Array, lengths: readonly number[]): Uint8Array[] {
  const chunker = new Utf8Chunker();
  const chunks: Uint8Array[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const length = lengths[turn % lengths.length] ?? 1;
    chunks.push(chunker.push(bytes.subarray(at, at + length)));
    at += length;
  }
  chunks.push(chunker.end());
  return chunks;
}

const lengths = fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1 });

describe("Utf8Chunker", () => {
  test("the chunks of any bytes in any pieces make the same bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 60 }), lengths, (bytes, pieces) => {
        expect(Buffer.concat(chunk(bytes, pieces))).toEqual(Buffer.from(bytes));
      }),
    );
  });

  test("every chunk of valid UTF-8 decodes by itself, whatever the pieces", () => {
    const text = fc.string({ unit: fc.constantFrom("a", "\n", "é", "€", "\u{1F600}", "\uFEFF", "\0", "\uFFFF") });
    const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
    fc.assert(
      fc.property(text, lengths, (whole, pieces) => {
        const chunks = chunk(new TextEncoder().encode(whole), pieces);
        expect(chunks.map((bytes) => decoder.decode(bytes)).join("")).toBe(whole);
      }),
    );
  });

  test("holds back at most three bytes, also of bytes that are no text", () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 12 })), (pieces) => {
        const chunker = new Utf8Chunker();
        let [given, taken] = [0, 0];
        for (const piece of pieces) {
          taken += chunker.push(piece).length;
          given += piece.length;
          expect(given - taken).toBeLessThanOrEqual(3);
        }
      }),
    );
  });

  test.each([
    ["a whole character", [0xe2, 0x82, 0xac], 3],
    ["one byte of two", [0x61, 0xc3], 1],
    ["two bytes of three", [0x61, 0xe2, 0x82], 1],
    ["three bytes of four", [0x61, 0xf0, 0x9f, 0x98], 1],
    ["continuation bytes alone", [0x80, 0x80, 0x80, 0x80], 4],
    ["a byte that begins nothing", [0x61, 0xff], 1],
  ])("after %s passes on what is complete", (_, bytes, passed) => {
    expect(new Utf8Chunker().push(new Uint8Array(bytes)).length).toBe(passed);
  });

  test("a held back byte survives the reuse of the buffer it came in", () => {
    const chunker = new Utf8Chunker();
    const buffer = new Uint8Array([0x61, 0xc3]);
    chunker.push(buffer);
    buffer.fill(0);
    expect(chunker.push(new Uint8Array([0xa9]))).toEqual(Buffer.from("é"));
  });

  test("end() gives what is left once, and then nothing", () => {
    const chunker = new Utf8Chunker();
    expect(chunker.end()).toBeEmpty();
    expect(chunker.push(new Uint8Array([0xf0, 0x9f]))).toBeEmpty();
    expect(chunker.end()).toEqual(new Uint8Array([0xf0, 0x9f]));
    expect(chunker.end()).toBeEmpty();
  });
});
