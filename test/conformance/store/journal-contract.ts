// The part of the store's contract about the journal of a run.

import { describe, expect, test } from "bun:test";
import type { CallOutcome, Delivery, StartedCall } from "../../../src/store/store.ts";
import { rejection } from "../../unit/store/store-files.ts";
import { createRun, type Subject } from "./subject.ts";

function call(number: number, changes: Partial<StartedCall> = {}): StartedCall {
  const args = { image: null };
  return { number, kind: "step", name: "build", argsHash: "abc", args, startedAt: 5, afterSeq: 0, ...changes };
}

export function testJournal(subject: Subject): void {
  describe("journal", () => {
    test("an unknown run has an empty journal", async () => {
      const empty = { calls: [], deliveries: [], observations: [], consoleLines: 0 };
      expect(await subject.store.journal.load("nope")).toEqual(empty);
    });

    test("a call has no outcome until it is completed", async () => {
      const { id: runId } = await createRun(subject.store);
      await subject.store.commit([{ type: "journal.start", runId, call: call(1) }]);
      expect((await subject.store.journal.load(runId)).calls).toEqual([call(1)]);
      const outcome: CallOutcome = { ok: true, value: { code: 0 } };
      await subject.store.commit([{ type: "journal.complete", runId, number: 1, outcome, at: 9 }]);
      expect((await subject.store.journal.load(runId)).calls).toEqual([{ ...call(1), outcome }]);
    });

    const outcomes: readonly (readonly [string, CallOutcome])[] = [
      ["undefined", { ok: true, value: undefined }],
      ["null", { ok: true, value: null }],
      ["false", { ok: true, value: false }],
      ["an empty text", { ok: true, value: "" }],
      ["a text with a lone surrogate and a NUL", { ok: true, value: "\udc00 \u0000" }],
      ["a mebibyte of text", { ok: true, value: "x".repeat(1024 * 1024) }],
      ["an error", { ok: false, error: { code: "STEP_NOT_STARTED", message: "no such command" } }],
    ];
    test.each(outcomes)("an outcome of %s is kept exactly", async (_, outcome) => {
      const { id: runId } = await createRun(subject.store);
      await subject.store.commit([
        { type: "journal.start", runId, call: call(1, { args: outcome.ok ? (outcome.value ?? null) : null }) },
        { type: "journal.complete", runId, number: 1, outcome, at: 9 },
      ]);
      expect((await subject.store.journal.load(runId)).calls[0]?.outcome).toStrictEqual(outcome);
    });

    test("calls, deliveries and observations come back in order, however they were written", async () => {
      const { id: runId } = await createRun(subject.store);
      const deliveries: Delivery[] = [
        { seq: 1, type: "output", call: 2, stream: "stderr", offset: 0, length: 70_000 },
        { seq: 2, type: "result", call: 10 },
        { seq: 10, type: "result", call: 2 },
        { seq: 11, type: "cancel" },
      ];
      const observations = [
        { ordinal: 1, values: [["now", 1]], afterSeq: 0 },
        { ordinal: 2, values: { random: "ff" }, afterSeq: 7 },
      ];
      await subject.store.commit([
        { type: "journal.start", runId, call: call(10, { afterSeq: 7 }) },
        { type: "journal.start", runId, call: call(2) },
        ...deliveries.toReversed().map((delivery) => ({ type: "journal.deliver", runId, delivery }) as const),
        ...observations.toReversed().map((each) => ({ type: "journal.observe", runId, observations: each }) as const),
      ]);
      expect(await subject.store.journal.load(runId)).toEqual({
        calls: [call(2), call(10, { afterSeq: 7 })],
        deliveries,
        observations,
        consoleLines: 0,
      });
    });

    test("a journal counts the console lines of its own run, and no other entries of the log", async () => {
      const [{ id: runId }, { id: other }] = [await createRun(subject.store), await createRun(subject.store)];
      const line = (of: string, seq: number, source: "console" | "system") =>
        ({ type: "log.line", runId: of, seq, at: 1, source, level: "info", text: "x" }) as const;
      await subject.store.commit([
        line(runId, 1, "console"),
        line(runId, 2, "system"),
        line(runId, 3, "console"),
        line(other, 1, "console"),
      ]);
      expect((await subject.store.journal.load(runId)).consoleLines).toBe(2);
    });

    test("a call cannot be started twice, completed twice, or completed before it started", async () => {
      const { id: runId } = await createRun(subject.store);
      const start = { type: "journal.start", runId, call: call(1) } as const;
      const complete = (number: number) =>
        ({ type: "journal.complete", runId, number, outcome: { ok: true, value: 1 }, at: 9 }) as const;
      await subject.store.commit([start, complete(1)]);
      for (const write of [start, complete(1), complete(2)]) {
        expect(await rejection(subject.store.commit([write]))).toMatchObject({ code: "INTERNAL" });
      }
    });

    test("nothing is journaled for a run that does not exist", async () => {
      const write = { type: "journal.start", runId: "nope", call: call(1) } as const;
      expect(await rejection(subject.store.commit([write]))).toMatchObject({ code: "INTERNAL" });
    });
  });
}
