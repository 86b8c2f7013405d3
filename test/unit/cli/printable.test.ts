import { expect, test } from "bun:test";
import { createOutputFilter, printable, printableLines } from "../../../src/cli/printable.ts";

test("printable() leaves one line without control characters and reordering marks", () => {
  expect(printable("a\nb\tc\u001B[2J\u009B\u202Ed\u007F é 漢")).toBe("a b c\uFFFD[2J\uFFFD\uFFFDd\uFFFD é 漢");
});

test("printableLines() keeps newlines and tabs", () => {
  expect(printableLines("a\n\tb\rc\u0007")).toBe("a\n\tb\uFFFDc\uFFFD");
});

test("the output filter lets colours through and nothing else", () => {
  const filter = createOutputFilter(true);
  expect(filter("\u001B[1;31mred\u001B[0m\r\n")).toBe("\u001B[1;31mred\u001B[0m\r\n");
  expect(filter("\u001B]52;c;ZXZpbA==\u0007")).toBe("\uFFFD]52;c;ZXZpbA==\uFFFD");
  expect(filter("\u001B[2J\u009B31m\u0008")).toBe("\uFFFD[2J\uFFFD31m\uFFFD");
});

test("the output filter without colours takes them out", () => {
  expect(createOutputFilter(false)("\u001B[31mred\u001B[0m")).toBe("red");
});

test("a colour cut at any place by the end of a chunk is still a colour", () => {
  const text = "a\u001B[38;5;196mb";
  for (let at = 0; at <= text.length; at++) {
    const filter = createOutputFilter(true);
    expect(filter(text.slice(0, at)) + filter(text.slice(at))).toBe(text);
  }
});

test("an escape that never becomes a colour is not held for ever", () => {
  const filter = createOutputFilter(true);
  expect(filter(`\u001B[${"1".repeat(100)}`)).toBe(`\uFFFD[${"1".repeat(100)}`);
});
