// The part of the store's contract about removing what is too old.

import { describe, expect, test } from "bun:test";
import { newStep } from "../../../src/core/run.ts";
import type { Store, Write } from "../../../src/store/store.ts";
import { makeAccepted } from "../../fixtures/records/make-record.ts";
import { rejection } from "../../unit/store/store-files.ts";
import { createRun, newRun, type Subject } from "./subject.ts";

/** A run with something in each part of the store that can belong to one. */
async function createFullRun(store: Store, changes: { id?: string; rows?: number } = {}): Promise<string> {
  const inboundId = Bun.randomUUIDv7();
  const { id } = await createRun(store, { inboundId, trigger: "webhook", ...(changes.id ? { id: changes.id } : {}) });
  const writes: Write[] = [
    { type: "inbound.put", record: makeAccepted(inboundId, id) },
    { type: "inbound.answer", id: inboundId, answer: { status: 200, code: null, durationMs: 1 } },
    { type: "artifact.put", runId: id, artifact: { name: "a", number: 1, bytes: 3, createdAt: 1 } },
    {
      type: "step.put",
      runId: id,
      step: { ...newStep(`${id}.1`, "s", "process"), status: "succeeded", code: 0, startedAt: 1, finishedAt: 2 },
    },
  ];
  for (let number = 1; number <= (changes.rows ?? 1); number++) {
    const args = { text: "x".repeat(50) };
    const call = { number, kind: "step", name: "s", argsHash: "h", args, startedAt: 1, afterSeq: 0 };
    const chunk = { stepId: `${id}.1`, stream: "stdout", offset: number, bytes: new Uint8Array(50) } as const;
    writes.push(
      { type: "journal.start", runId: id, call },
      { type: "journal.complete", runId: id, number, outcome: { ok: true, value: "y".repeat(50) }, at: 2 },
      { type: "journal.deliver", runId: id, delivery: { seq: number, type: "result", call: number } },
      { type: "journal.observe", runId: id, observations: { ordinal: number, values: [number], afterSeq: 0 } },
      { type: "log.output", runId: id, seq: 2 * number, at: 1, stepName: "s", chunk },
      { type: "log.line", runId: id, seq: 2 * number + 1, at: 1, source: "console", level: "info", text: "line" },
    );
  }
  await store.commit(writes);
  return id;
}

function end(id: string, at: number): Write {
  return { type: "run.finish", id, status: "succeeded", result: null, error: null, at };
}

async function details(store: Store, id: string): Promise<unknown> {
  const { calls, deliveries, observations, consoleLines } = await store.journal.load(id);
  const entries = await store.logs.list(id, { afterSeq: 0, limit: 10_000 });
  return [calls.length, deliveries.length, observations.length, consoleLines, entries.length];
}

const trims = ["log", "outcomes", "calls", "deliveries", "observations"] as const;

export function testUpkeep(subject: Subject): void {
  describe("upkeep", () => {
    test("an ended run is removed with all that belongs to it, and its neighbours keep theirs", async () => {
      const { store } = subject;
      const [gone, kept] = [await createFullRun(store), await createFullRun(store)];
      const inboundIds = await Promise.all(
        [gone, kept].map(async (id) => (await store.runs.findKept(id))?.run.inboundId ?? ""),
      );
      await store.commit([end(gone, 10), end(kept, 11), { type: "run.remove", id: gone }]);
      expect(await store.runs.find(gone)).toBeUndefined();
      expect(await details(store, gone)).toEqual([0, 0, 0, 0, 0]);
      expect(await store.artifacts.find(gone, "a")).toBeUndefined();
      expect(await store.inbound.find(inboundIds[0] ?? "")).toBeUndefined();
      expect(await store.runs.find(kept)).toMatchObject({ steps: [{ name: "s" }], artifacts: [{ name: "a" }] });
      expect(await details(store, kept)).toEqual([1, 1, 1, 1, 2]);
      expect(await store.inbound.find(inboundIds[1] ?? "")).toBeDefined();
    });

    test("an unfinished run is neither removed nor trimmed", async () => {
      const { store } = subject;
      const id = await createFullRun(store);
      await store.commit([{ type: "run.start", id, at: 1 }]);
      await store.commit([
        { type: "run.remove", id },
        ...trims.map((part) => ({ type: `run.trim_${part}`, id }) as const),
      ]);
      expect((await store.runs.find(id))?.status).toBe("running");
      expect(await details(store, id)).toEqual([1, 1, 1, 1, 2]);
    });

    test("a large run is trimmed from its end until nothing is left, and then removed", async () => {
      const { store } = subject;
      const id = await createFullRun(store, { rows: 600 });
      const other = await createFullRun(store, { rows: 3 });
      await store.commit([end(id, 1), end(other, 2)]);
      const rows: number[] = [];
      for (;;) {
        const found = (await store.upkeep.oldestEnded(1))[0];
        if (found?.id !== id) throw new Error("the run is gone before it was removed");
        rows.push(found.rows);
        if (found.rows === 0) break;
        await store.commit(trims.map((part) => ({ type: `run.trim_${part}`, id }) as const));
      }
      expect(rows[0]).toBeGreaterThanOrEqual(6 * 600);
      expect(rows).toEqual(rows.toSorted((a, b) => b - a));
      expect(rows.length).toBeGreaterThan(3);
      expect(await details(store, id)).toEqual([0, 0, 0, 0, 0]);
      expect(await details(store, other)).toEqual([3, 3, 3, 3, 6]);
      await store.commit([{ type: "run.remove", id }]);
      expect((await store.upkeep.oldestEnded(5)).map((run) => run.id)).toEqual([other]);
    });

    test("ended runs come oldest first by the time of their end, the unfinished never", async () => {
      const { store } = subject;
      const ids = await Promise.all([1, 2, 3, 4].map(async () => (await createRun(store)).id));
      const [a = "", b = "", c = ""] = ids;
      await store.commit([end(a, 300), end(b, 100), end(c, 200)]);
      expect(await store.upkeep.oldestEnded(10)).toEqual([
        { id: b, endedAt: 100, rows: 0, hasArtifacts: false },
        { id: c, endedAt: 200, rows: 0, hasArtifacts: false },
        { id: a, endedAt: 300, rows: 0, hasArtifacts: false },
      ]);
      expect((await store.upkeep.oldestEnded(2)).map(({ id }) => id)).toEqual([b, c]);
    });

    test("places are counted from the newest end, those of the same millisecond by their ids", async () => {
      const { store } = subject;
      for (const [id, at] of [
        ["r1", 10],
        ["r2", 20],
        ["r3", 20],
        ["r4", 30],
      ] as const) {
        await store.commit([{ type: "run.create", run: newRun({ id }) }, end(id, at)]);
      }
      const third = await store.upkeep.skipEnded(null, 3);
      expect(third).toEqual({ endedAt: 20, id: "r2" });
      expect(await store.upkeep.skipEnded(null, 1)).toEqual({ endedAt: 30, id: "r4" });
      expect(await store.upkeep.skipEnded(third, 1)).toEqual({ endedAt: 10, id: "r1" });
      expect(await store.upkeep.skipEnded(third, 2)).toBeNull();
      expect(await store.upkeep.endsAround(20)).toEqual({ before: 10, after: 20 });
      expect(await store.upkeep.endsAround(10)).toEqual({ before: null, after: 10 });
      expect(await store.upkeep.endsAround(99)).toEqual({ before: 30, after: null });
    });

    test("a run with artifacts says so", async () => {
      const { store } = subject;
      const id = await createFullRun(store);
      await store.commit([end(id, 1)]);
      expect(await store.upkeep.oldestEnded(1)).toMatchObject([{ id, hasArtifacts: true }]);
    });

    test("what was removed is free space, and is given back piece by piece", async () => {
      const { store } = subject;
      await store.commit([{ type: "value.set", pipeline: "p", key: "k", value: "x".repeat(4 * 1024 * 1024) }]);
      await store.commit([{ type: "value.delete", pipeline: "p", key: "k" }]);
      const before = await store.upkeep.freeSpace();
      expect(before.bytes).toBeGreaterThan(3 * 1024 * 1024);
      await store.commit([{ type: "space.give_back" }]);
      const after = await store.upkeep.freeSpace();
      expect(before.bytes - after.bytes).toBe(1024 * 1024);
      expect(before.fileBytes - after.fileBytes).toBeGreaterThanOrEqual(1024 * 1024);
      for (let round = 0; round < 10; round++) await store.commit([{ type: "space.give_back" }]);
      expect((await store.upkeep.freeSpace()).bytes).toBe(0);
    });

    test("a removed run cannot be ended, nor anything be added to it", async () => {
      const { store } = subject;
      const { id } = await createRun(store);
      await store.commit([end(id, 1), { type: "run.remove", id }]);
      expect(await rejection(store.commit([end(id, 2)]))).toMatchObject({ code: "RUN_ALREADY_ENDED" });
      const line: Write = { type: "log.line", runId: id, seq: 1, at: 1, source: "system", level: "info", text: "late" };
      expect(await rejection(store.commit([line]))).toMatchObject({ code: "INTERNAL" });
    });

    test("a store that writes has nothing to say about it", async () => {
      await subject.store.commit([{ type: "space.probe" }]);
      expect(() => subject.store.checkWritable()).not.toThrow();
    });
  });
}
