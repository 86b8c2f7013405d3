import { describe, expect, test } from "bun:test";
import type { JournalRecord } from "../../../src/core/journal-record.ts";
import { JournalSource } from "../../../src/engine/replay/journal-source.ts";
import { makeJournal, makeRun } from "../../integration/server/fake-engine.ts";

async function* journal(...records: readonly JournalRecord[]): AsyncGenerator<JournalRecord> {
  yield* records;
}

const [head, call, delivery, end] = makeJournal(makeRun(), false) as readonly [
  JournalRecord,
  JournalRecord,
  JournalRecord,
  JournalRecord,
];
const observed: JournalRecord = { type: "observed", values: { clockReads: 1 }, afterSeq: 0 };

describe("a journal", () => {
  test("is read no further than it is asked for", async () => {
    let read = 0;
    async function* counted(): AsyncGenerator<JournalRecord> {
      for (const record of [head, observed, call, delivery, { ...call, number: 2 }, end] as const) {
        read++;
        yield record;
      }
    }
    const source = await JournalSource.open(counted());
    expect([source.head, source.observed, read]).toEqual([head as never, [observed as never], 3]);
    expect(await source.findCall(1)).toEqual(call as never);
    expect(read).toBe(3);
    expect((await source.findCall(2))?.number).toBe(2);
    expect(await source.findCall(3)).toBeUndefined();
    expect(await source.nextDelivery()).toEqual(delivery as never);
    expect(await source.nextDelivery()).toBeNull();
    source.forget(1);
    expect((await source.leftCalls()).map(({ number }) => number)).toEqual([2]);
  });

  test.each([
    ["nothing at all", []],
    ["no run", [call, end]],
    ["only a run", [head]],
    ["no end", [head, call, delivery]],
  ] as const)("with %s is no whole one", async (_, records) => {
    const read = async (): Promise<unknown> => (await JournalSource.open(journal(...records))).leftCalls();
    expect(read()).rejects.toThrow("no whole journal");
  });
});
