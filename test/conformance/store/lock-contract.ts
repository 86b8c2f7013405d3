// The part of the store's contract about the locks of pipelines.

import { describe, expect, test } from "bun:test";
import type { Write } from "../../../src/store/store.ts";
import { createRun, type Subject } from "./subject.ts";

export function testLocks(subject: Subject): void {
  describe("locks", () => {
    const ask = (runId: string, name: string, number: number): readonly Write[] => [
      {
        type: "journal.start",
        runId,
        call: { number, kind: "lock", name, argsHash: "abc", args: {}, startedAt: 5, afterSeq: 0 },
      },
      { type: "lock.put", pipeline: "deploy", name, runId, number, limit: number },
    ];
    const answer = (runId: string, number: number): Write => {
      return { type: "journal.complete", runId, number, outcome: { ok: true, value: undefined }, at: 9 };
    };

    test("are told in the order they were asked for, over a restart; who has one is whose call is answered", async () => {
      const [first, second] = [
        await createRun(subject.store, { id: "z" }),
        await createRun(subject.store, { id: "a" }),
      ];
      const writes = [...ask(first.id, "y", 2), ...ask(second.id, "y", 1), ...ask(first.id, "x", 3)];
      await subject.store.commit([...writes, answer(first.id, 2)]);
      await subject.reopen();
      const lock = { pipeline: "deploy", isHeld: false };
      expect(await subject.store.locks.all()).toEqual([
        { ...lock, runId: "z", name: "y", number: 2, limit: 2, isHeld: true },
        { ...lock, runId: "a", name: "y", number: 1, limit: 1 },
        { ...lock, runId: "z", name: "x", number: 3, limit: 3 },
      ]);
    });

    test("that are given back, or whose run has ended, are gone, and no others", async () => {
      const [first, second] = [await createRun(subject.store), await createRun(subject.store)];
      const left = async (): Promise<readonly string[]> =>
        (await subject.store.locks.all()).map(({ runId, name }) => `${name} of ${runId === first.id ? 1 : 2}`);
      const writes = [first, second].flatMap(({ id }) => [...ask(id, "x", 1), ...ask(id, "y", 2)]);
      await subject.store.commit([...writes, { type: "lock.remove", runId: first.id, name: "x" }]);
      expect(await left()).toEqual(["y of 1", "x of 2", "y of 2"]);
      const finish = { type: "run.finish", id: second.id, status: "failed", result: null, error: null, at: 9 } as const;
      await subject.store.commit([finish]);
      expect(await left()).toEqual(["y of 1"]);
    });
  });
}
