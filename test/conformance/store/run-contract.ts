// The part of the store's contract about single runs and their steps.

import { describe, expect, test } from "bun:test";
import type { RunError, Step } from "../../../src/core/run.ts";
import { rejection } from "../../unit/store/store-files.ts";
import { createRun, newRun, type Subject } from "./subject.ts";

const error: RunError = { code: "SCRIPT_ERROR", message: "bad \u0000 thing", hint: "h", file: "deploy.ts", line: 3 };

export function testRuns(subject: Subject): void {
  describe("runs", () => {
    test("a created run is queued and has nothing else", async () => {
      const run = await createRun(subject.store, { rerunOf: "earlier", trigger: "rerun" });
      expect(await subject.store.runs.find(run.id)).toEqual({
        id: run.id,
        pipeline: "deploy",
        trigger: "rerun",
        status: "queued",
        createdAt: run.createdAt,
        startedAt: null,
        finishedAt: null,
        result: null,
        rerunOf: "earlier",
        error: null,
        steps: [],
        artifacts: [],
      });
    });

    test("what a run was created with is kept exactly", async () => {
      const params = { text: "ü \ud800 \u0000", deep: [{ a: null }, 1.5, true], __proto__x: "y", none: {} };
      const run = await createRun(subject.store, { params, args: ["--x", ""], inboundId: "in-1", trigger: "webhook" });
      expect(await subject.store.runs.findNew(run.id)).toEqual(run);
    });

    test("an unknown run is not found", async () => {
      expect(await subject.store.runs.find("nope")).toBeUndefined();
      expect(await subject.store.runs.findNew("nope")).toBeUndefined();
    });

    test("two runs cannot have one id", async () => {
      const run = await createRun(subject.store);
      const again = subject.store.commit([{ type: "run.create", run: newRun({ id: run.id, pipeline: "other" }) }]);
      expect(await rejection(again)).toMatchObject({ code: "INTERNAL" });
      expect((await subject.store.runs.find(run.id))?.pipeline).toBe("deploy");
    });

    test("a run cannot be created on a bundle that is not stored", async () => {
      const run = newRun({ bundleHash: "missing" });
      expect(await rejection(subject.store.commit([{ type: "run.create", run }]))).toMatchObject({ code: "INTERNAL" });
    });

    test("a run that is started twice keeps its first time of start", async () => {
      const { id } = await createRun(subject.store);
      await subject.store.commit([{ type: "run.start", id, at: 1000 }]);
      await subject.store.commit([{ type: "run.start", id, at: 2000 }]);
      expect(await subject.store.runs.find(id)).toMatchObject({ status: "running", startedAt: 1000 });
    });

    test("a finished run has its result and its error", async () => {
      const { id } = await createRun(subject.store);
      const result = { list: [1, "two", null] };
      await subject.store.commit([{ type: "run.finish", id, status: "failed", result, error, at: 3000 }]);
      expect(await subject.store.runs.find(id)).toMatchObject({ status: "failed", result, error, finishedAt: 3000 });
    });

    test("a run that has ended can neither be started nor ended again", async () => {
      const { id } = await createRun(subject.store);
      await subject.store.commit([
        { type: "run.finish", id, status: "cancelled", result: null, error: null, at: 3000 },
      ]);
      expect(await rejection(subject.store.commit([{ type: "run.start", id, at: 1 }]))).toMatchObject({
        code: "RUN_ALREADY_ENDED",
      });
      expect(
        await rejection(
          subject.store.commit([{ type: "run.finish", id, status: "succeeded", result: 1, error: null, at: 4000 }]),
        ),
      ).toMatchObject({ code: "RUN_ALREADY_ENDED" });
      expect(await subject.store.runs.find(id)).toMatchObject({ status: "cancelled", result: null, finishedAt: 3000 });
    });
  });

  describe("steps", () => {
    const step = (runId: string, number: number, changes: Partial<Step> = {}): Step => ({
      id: `${runId}.${number}`,
      name: `step ${number}`,
      kind: "process",
      status: "running",
      code: null,
      attempts: 1,
      startedAt: 10,
      finishedAt: null,
      ...changes,
    });

    test("the steps of a run are in the order of their host calls", async () => {
      const { id: runId } = await createRun(subject.store);
      const steps = [10, 9, 2, 100].map((number) => step(runId, number));
      await subject.store.commit(steps.map((each) => ({ type: "step.put", runId, step: each })));
      expect((await subject.store.runs.find(runId))?.steps).toEqual(
        [2, 9, 10, 100].map((number) => step(runId, number)),
      );
    });

    test("a step that is put again is replaced", async () => {
      const { id: runId } = await createRun(subject.store);
      const ended = step(runId, 1, { status: "failed", code: 3, attempts: 2, finishedAt: 20, name: "renamed" });
      await subject.store.commit([{ type: "step.put", runId, step: step(runId, 1) }]);
      await subject.store.commit([{ type: "step.put", runId, step: ended }]);
      expect((await subject.store.runs.find(runId))?.steps).toEqual([ended]);
    });

    test("a step of no run, or with the id of another run, is refused", async () => {
      const { id: runId } = await createRun(subject.store);
      for (const write of [
        { type: "step.put", runId: "nope", step: step("nope", 1) },
        { type: "step.put", runId, step: step("other", 1) },
        { type: "step.put", runId, step: { ...step(runId, 1), id: runId } },
      ] as const) {
        expect(await rejection(subject.store.commit([write]))).toMatchObject({ code: "INTERNAL" });
      }
    });

    test("each run of a list has its own steps", async () => {
      const first = await createRun(subject.store);
      const second = await createRun(subject.store);
      await subject.store.commit([
        { type: "step.put", runId: first.id, step: step(first.id, 1) },
        { type: "step.put", runId: second.id, step: step(second.id, 7) },
      ]);
      const { runs } = await subject.store.runs.list({ limit: 10 });
      expect(runs.map(({ steps }) => steps.map(({ id }) => id))).toEqual([[`${second.id}.7`], [`${first.id}.1`]]);
    });
  });
}
