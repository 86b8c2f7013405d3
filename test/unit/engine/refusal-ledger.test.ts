import { describe, expect, test } from "bun:test";
import { RefusalLedger } from "../../../src/engine/refusal-ledger.ts";

function add(ledger: RefusalLedger, pipeline: string, ids: string, bytes = 1): void {
  for (const [index, id] of ids.split("").entries()) ledger.add({ id, pipeline, receivedAt: index, bytes });
}

describe("surplus", () => {
  test("is the oldest, and nothing while there is room", () => {
    const ledger = new RefusalLedger({ records: 3, bytes: 100 });
    add(ledger, "p", "abc");
    expect(ledger.takeSurplus()).toEqual([]);
    add(ledger, "p", "de");
    expect(ledger.takeSurplus()).toEqual(["a", "b"]);
    expect(ledger.takeSurplus()).toEqual([]);
  });

  test("is told by bytes too", () => {
    const ledger = new RefusalLedger({ records: 100, bytes: 100 });
    add(ledger, "p", "abc", 40);
    expect(ledger.takeSurplus()).toEqual(["a"]);
    add(ledger, "p", "d", 500);
    expect(ledger.takeSurplus()).toEqual(["b", "c", "d"]);
  });

  test("is of the pipeline that has the most of what is too much, records or bytes, however old those of others are", () => {
    const ledger = new RefusalLedger({ records: 4, bytes: 100 });
    add(ledger, "old", "a");
    add(ledger, "flood", "bcdefg");
    expect(ledger.takeSurplus()).toEqual(["b", "c", "d"]);
    add(ledger, "large", "h", 98);
    expect(ledger.takeSurplus()).toEqual(["e", "h"]);
  });

  test("is found right in a long flood", () => {
    const ledger = new RefusalLedger({ records: 10, bytes: 1e9 });
    const gone: string[] = [];
    for (let number = 0; number < 5000; number++) {
      ledger.add({ id: String(number), pipeline: "p", receivedAt: number, bytes: 1 });
      gone.push(...ledger.takeSurplus());
    }
    expect(gone).toEqual(Array.from({ length: 4990 }, (_, number) => String(number)));
  });
});

test("those before a time are taken in pieces, of all pipelines, and make room", () => {
  const ledger = new RefusalLedger({ records: 5, bytes: 100 });
  add(ledger, "p", "abc");
  add(ledger, "q", "de");
  expect(ledger.takeBefore(0, 10)).toEqual([]);
  expect(ledger.takeBefore(2, 3)).toEqual(["a", "b", "d"]);
  expect(ledger.takeBefore(2, 3)).toEqual(["e"]);
  expect(ledger.takeBefore(2, 3)).toEqual([]);
  add(ledger, "p", "wxyz");
  expect(ledger.takeSurplus()).toEqual([]);
});
