// Secrets compared.

import { expect, test } from "bun:test";
import fc from "fast-check";
import { secretsEqual } from "../../../src/core/secret-compare.ts";

test("a text and its UTF-8 bytes are equal; anything with another byte or length is not", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), fc.string({ unit: "grapheme" }), (a, b) => {
      expect(secretsEqual(a, new TextEncoder().encode(a))).toBe(true);
      expect(secretsEqual(a, b)).toBe(a === b);
      expect(secretsEqual(a, `${a}\0`)).toBe(false);
    }),
  );
});

test("every single flipped bit is noticed, also in the last byte", () => {
  const secret = crypto.getRandomValues(new Uint8Array(32));
  for (let bit = 0; bit < 256; bit++) {
    const other = secret.slice();
    other[bit >> 3] = (other[bit >> 3] ?? 0) ^ (1 << (bit & 7));
    expect(secretsEqual(secret, other)).toBe(false);
  }
});

test("an empty secret equals only an empty one", () => {
  expect(secretsEqual("", "")).toBe(true);
  expect(secretsEqual("", "x")).toBe(false);
});
