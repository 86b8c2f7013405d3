// The part of the store's contract about what a new run takes over of an ended one.

import { describe, expect, test } from "bun:test";
import type { JournalCut, NewRun, StartedCall, Store, Write } from "../../../src/store/store.ts";
import { newStep } from "../../../src/core/run.ts";
import { rejection } from "../../unit/store/store-files.ts";
import { createRun, newRun, type Subject } from "./subject.ts";

function call(number: number, changes: Partial<StartedCall> = {}): StartedCall {
  const args = { n: number };
  return { number, kind: "step", name: `s${number}`, argsHash: "h", args, startedAt: 100, afterSeq: 0, ...changes };
}

function step(runId: string, number: number, status: "succeeded" | "running" = "succeeded"): Write {
  const row = { ...newStep(`${runId}.${number}`, `s${number}`, "process"), status, attempts: 1 } as const;
  return { type: "step.put", runId, step: row };
}

function output(runId: string, seq: number, number: number, offset: number, text: string): Write {
  const chunk = { stepId: `${runId}.${number}`, stream: "stdout", offset, bytes: Buffer.from(text) } as const;
  return { type: "log.output", runId, seq, at: 5, stepName: `s${number}`, chunk };
}

function line(runId: string, seq: number, source: "console" | "system", afterCall?: number): Write {
  const text = `${source} ${seq}`;
  return {
    type: "log.line",
    runId,
    seq,
    at: 5,
    source,
    level: "info",
    text,
    ...(afterCall === undefined ? {} : { afterCall }),
  };
}

const value = (number: number) => ({ ok: true, value: `result ${number}` }) as const;

/** Four calls: the first delivered, the second completed later, the third open with output, the fourth the cut. */
async function endedRun(store: Store): Promise<NewRun> {
  const run = await createRun(store);
  const runId = run.id;
  const complete = (number: number): Write => ({
    type: "journal.complete",
    runId,
    number,
    outcome: value(number),
    at: 9,
  });
  const deliver = (seq: number, number: number): Write => ({
    type: "journal.deliver",
    runId,
    delivery: { seq, type: "result", call: number },
  });
  await store.commit([
    { type: "run.start", id: runId, at: 1 },
    ...[1, 2, 3].map((number) => ({ type: "journal.start", runId, call: call(number) }) as const),
    complete(1),
    deliver(1, 1),
    {
      type: "journal.deliver",
      runId,
      delivery: { seq: 2, type: "output", call: 3, stream: "stdout", offset: 0, length: 2 },
    },
    { type: "journal.start", runId, call: call(4, { afterSeq: 2 }) },
    complete(2),
    deliver(3, 2),
    complete(4),
    deliver(4, 4),
    { type: "journal.observe", runId, observations: { ordinal: 1, values: [1], afterSeq: 0 } },
    { type: "journal.observe", runId, observations: { ordinal: 2, values: [2], afterSeq: 2 } },
    { type: "journal.observe", runId, observations: { ordinal: 3, values: [3], afterSeq: 3 } },
    step(runId, 1),
    step(runId, 2),
    step(runId, 3, "running"),
    step(runId, 4),
    line(runId, 1, "console", 0),
    output(runId, 2, 1, 0, "one"),
    output(runId, 3, 3, 0, "ab"),
    line(runId, 4, "console", 3),
    line(runId, 5, "console", 4),
    output(runId, 6, 3, 2, "cd"),
    output(runId, 7, 4, 0, "four"),
    line(runId, 8, "system", 2),
    line(runId, 9, "system", 4),
    line(runId, 10, "system"),
    ...[1, 3, 4].map(
      (number) =>
        ({
          type: "artifact.put",
          runId,
          artifact: { name: `f${number}`, number, bytes: number, createdAt: 7 },
        }) as const,
    ),
    { type: "run.finish", id: runId, status: "succeeded", result: null, error: null, at: 2 },
  ]);
  return run;
}

function cutOf(from: string, to: string, changes: Partial<JournalCut> = {}): JournalCut {
  return {
    from,
    to,
    number: 4,
    afterSeq: 2,
    open: [3],
    shiftMs: 1000,
    given: { "3.stdout": 2 },
    lastSeq: 10,
    ...changes,
  };
}

function takeOver(cut: JournalCut): readonly Write[] {
  const parts = ["check", "calls", "outcomes", "deliveries", "observations", "steps", "log", "artifacts"] as const;
  return parts.map((part) => ({ type: `take_over.${part}`, cut }));
}

export function testTakeOver(subject: Subject): void {
  describe("taking over an ended run", () => {
    test("gives the journal before the cut: earlier calls with their outcomes, deliveries and observations up to it", async () => {
      const { store } = subject;
      const old = await endedRun(store);
      const before = await store.journal.load(old.id);
      const run = newRun();
      await store.commit([{ type: "run.create", run }, ...takeOver(cutOf(old.id, run.id))]);
      const taken = await store.journal.load(run.id);
      expect(taken.calls).toEqual([
        { ...call(1), outcome: value(1) },
        { ...call(2), outcome: value(2) },
        { ...call(3), startedAt: 1100 },
      ]);
      expect(taken.deliveries).toEqual(before.deliveries.slice(0, 2));
      expect(taken.observations).toEqual(before.observations.slice(0, 2));
      expect(taken.consoleLines).toBe(2);
      expect(await store.journal.load(old.id)).toEqual(before);
    });

    test("leaves the outcome of a call behind that is to go on", async () => {
      const { store } = subject;
      const old = await endedRun(store);
      const run = newRun();
      await store.commit([{ type: "run.create", run }, ...takeOver(cutOf(old.id, run.id, { open: [2, 3] }))]);
      const { calls } = await store.journal.load(run.id);
      expect(calls.map(({ number, outcome, startedAt }) => [number, outcome !== undefined, startedAt])).toEqual([
        [1, true, 100],
        [2, false, 1100],
        [3, false, 1100],
      ]);
      expect((await store.runs.find(run.id))?.steps.map(({ name }) => name)).toEqual(["s1"]);
    });

    test("gives the log with its bytes: lines by their place, output of ended steps whole, of others what was delivered", async () => {
      const { store } = subject;
      const old = await endedRun(store);
      const run = newRun();
      await store.commit([{ type: "run.create", run }, ...takeOver(cutOf(old.id, run.id))]);
      const entries = await store.logs.list(run.id, { afterSeq: 0, limit: 100 });
      expect(entries.map(({ seq, text, stepId }) => [seq, text, stepId])).toEqual([
        [1, "console 1", null],
        [2, "one", `${run.id}.1`],
        [3, "ab", `${run.id}.3`],
        [4, "console 4", null],
        [8, "system 8", null],
      ]);
      expect(Buffer.from(await store.logs.readOutput(`${run.id}.3`, "stdout", 0, 10)).toString()).toBe("ab");
    });

    test("gives the rows of ended steps and of artifacts that were saved", async () => {
      const { store } = subject;
      const old = await endedRun(store);
      const run = newRun();
      await store.commit([{ type: "run.create", run }, ...takeOver(cutOf(old.id, run.id))]);
      const taken = await store.runs.find(run.id);
      expect(taken?.steps.map(({ id, status }) => [id, status])).toEqual([
        [`${run.id}.1`, "succeeded"],
        [`${run.id}.2`, "succeeded"],
      ]);
      expect(await store.artifacts.list(run.id)).toEqual([{ name: "f1", number: 1, bytes: 1, createdAt: 7 }]);
    });

    test("fails as a whole where the ended run is gone, has not ended, or is being removed", async () => {
      const { store } = subject;
      const old = await endedRun(store);
      const running = await createRun(store);
      for (const cut of [
        cutOf("nope", "x"),
        cutOf(running.id, "x", { lastSeq: 0 }),
        cutOf(old.id, "x", { lastSeq: 11 }),
      ]) {
        const run = newRun();
        const writes = [{ type: "run.create", run } as const, ...takeOver({ ...cut, to: run.id })];
        expect(await rejection(store.commit(writes))).toMatchObject({ code: "RUN_NOT_FOUND" });
        expect(await store.runs.find(run.id)).toBeUndefined();
      }
    });

    test("an outline tells of each call how it was answered, and of lines without a place", async () => {
      const { store } = subject;
      const old = await endedRun(store);
      const outline = await store.journal.outline(old.id);
      const { deliveries, observations } = await store.journal.load(old.id);
      expect(outline).toEqual({
        calls: [1, 2, 3, 4].map((number) => ({
          number,
          kind: "step",
          name: `s${number}`,
          startedAt: 100,
          afterSeq: number === 4 ? 2 : 0,
          ok: number === 3 ? null : true,
        })),
        deliveries,
        observations,
        strayLines: 0,
      });
      await store.commit([line(old.id, 11, "console")]);
      expect((await store.journal.outline(old.id)).strayLines).toBe(1);
      expect(await store.journal.findCall(old.id, 2)).toEqual({ ...call(2), outcome: value(2) });
      expect(await store.journal.findCall(old.id, 3)).toEqual(call(3));
      expect(await store.journal.findCall(old.id, 5)).toBeUndefined();
    });
  });
}
