// Reading a stored log in pages.

import { expect, test } from "bun:test";
import type { LogEntry } from "../../../src/core/log-entry.ts";
import { readLogs } from "../../../src/engine/read-logs.ts";

interface Page {
  readonly limit: number;
  readonly length: number;
}

test("a log of the largest entries is read in pages that a slow reader may keep", async () => {
  const { seen, pages } = await readAll(Array.from({ length: 200 }, () => 65_536));

  expect(seen).toEqual(numbersTo(200));
  expect(Math.max(...pages.map(({ length }) => length))).toBeLessThanOrEqual(1024 * 1024);
});

test("a log of short lines is read in few pages", async () => {
  const { seen, pages } = await readAll(Array.from({ length: 5000 }, () => 20));

  expect(seen).toEqual(numbersTo(5000));
  expect(pages.length).toBeLessThan(100);
});

test("each entry comes once, in order, where long and short ones take turns", async () => {
  const lengths = Array.from({ length: 3000 }, (_, index) => (index % 700 < 200 ? 65_536 : index % 3));

  expect((await readAll(lengths)).seen).toEqual(numbersTo(3000));
});

test("entries longer than a page come one by one", async () => {
  expect((await readAll([5_000_000, 5_000_000, 1, 5_000_000])).seen).toEqual([1, 2, 3, 4]);
});

/** The log of an ended run whose entries have these lengths. */
async function readAll(
  lengths: readonly number[],
): Promise<{ readonly seen: readonly number[]; readonly pages: readonly Page[] }> {
  const pages: Page[] = [];
  const list = async (_: string, query: { readonly afterSeq: number; readonly limit: number }): Promise<LogEntry[]> => {
    const page = lengths.slice(query.afterSeq, query.afterSeq + query.limit).map((length, index) => ({
      seq: query.afterSeq + index + 1,
      at: 0,
      source: "stdout" as const,
      level: "info" as const,
      stepId: null,
      stepName: null,
      text: "x".repeat(length),
    }));
    pages.push({ limit: query.limit, length: page.reduce((sum, { text }) => sum + text.length, 0) });
    return page;
  };
  const store = { logs: { list }, runs: { find: async () => undefined } };
  const runs = { findLive: () => undefined, onChange: () => () => {} };
  const seen: number[] = [];
  for await (const { seq } of readLogs(store, runs, "run", { afterSeq: 0, follow: false })) seen.push(seq);
  return { seen, pages };
}

function numbersTo(last: number): readonly number[] {
  return Array.from({ length: last }, (_, index) => index + 1);
}
