// The nearest known name to a mistyped one.

import { expect, test } from "bun:test";
import fc from "fast-check";
import { didYouMean } from "../../../src/core/did-you-mean.ts";

const candidates = ["deploy", "backup", "home/backup", "renew-certificates"];

test.each([
  ["deploi", "deploy"],
  ["DEPLOY", "deploy"],
  ["dploy", "deploy"],
  ["edploy", "deploy"],
  ["home/bakcup", "home/backup"],
  ["renew-certs", undefined],
  ["renew-certificate-now", "renew-certificates"],
  ["shutdown", undefined],
])("%p means %p", (name, meant) => {
  expect(didYouMean(name, candidates)).toBe(meant);
});

test("the nearest of several wins, and of equally near ones the first", () => {
  expect(didYouMean("abcd", ["abxy", "abcx"])).toBe("abcx");
  expect(didYouMean("abcd", ["abcx", "abcy"])).toBe("abcx");
  expect(didYouMean("abcd", [])).toBeUndefined();
});

test("whatever is meant is a candidate, and a name is always meant by itself", () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 20 })), fc.string({ maxLength: 20 }), (names, name) => {
      const meant = didYouMean(name, names);
      expect(meant === undefined || names.includes(meant)).toBe(true);
      const exact = didYouMean(name, [...names, name]);
      expect(exact?.toLowerCase()).toBe(name.toLowerCase());
    }),
  );
});

test("up to two edits of a name of six characters are found, whatever they are", () => {
  const edit = fc.record({
    kind: fc.constantFrom("insert", "delete", "replace"),
    at: fc.nat(7),
    character: fc.constantFrom("x", "é", "-", "0"),
  });
  fc.assert(
    fc.property(fc.array(edit, { maxLength: 2 }), (edits) => {
      let name = "deploy";
      for (const { kind, at, character } of edits) {
        const added = kind === "delete" ? "" : character;
        name = name.slice(0, at) + added + name.slice(kind === "insert" ? at : at + 1);
      }
      expect(didYouMean(name, candidates)).toBe("deploy");
    }),
  );
});

test("a hostile name of a megabyte costs nothing and means nothing", () => {
  const startedAt = performance.now();
  expect(didYouMean("d".repeat(1_000_000), candidates)).toBeUndefined();
  expect(didYouMean("deploy", ["d".repeat(1_000_000)])).toBeUndefined();
  expect(didYouMean("d".repeat(50_000), ["e".repeat(50_000)])).toBeUndefined();
  expect(performance.now() - startedAt).toBeLessThan(1000);
});
