// The part of the store's contract about single runs and their steps.

import { describe, expect, test } from "bun:test";
import { newStep, type RunError, type Step, type StepStatus } from "../../../src/core/run.ts";
import { journalFormat } from "../../../src/store/store.ts";
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
        triggeredBy: "rerun",
        parent: null,
        after: null,
        scheduledAt: null,
        wakeAt: null,
        error: null,
        steps: [],
        jobs: [],
        artifacts: [],
      });
    });

    test("what a run was created with is kept exactly", async () => {
      const params = { text: "ü \ud800 \u0000", deep: [{ a: null }, 1.5, true], __proto__x: "y", none: {} };
      const run = await createRun(subject.store, { params, args: ["--x", ""], inboundId: "in-1", trigger: "webhook" });
      expect((await subject.store.runs.findKept(run.id))?.run).toEqual(run);
    });

    test("a rerun keeps what began the first of its runs, and the seed", async () => {
      const run = await createRun(subject.store, {
        trigger: "rerun",
        triggeredBy: "webhook",
        seed: "first",
        scriptRunId: "second",
        begunFor: [
          { resource: "repo", scope: "one", jobs: ["build", "lint"], mode: "latest", version: { ref: "a" }, seq: 1 },
          { resource: "data", scope: "two", jobs: ["build"], mode: "every", version: { ref: "b" }, seq: 4 },
        ],
        parent: { runId: "above", number: 3 },
        after: { runId: "before", pipeline: "build", status: "failed", result: { a: [1] }, error },
        depth: 2,
        priority: -5,
        concurrencyKey: "deploy-main",
        scheduledAt: 17,
      });
      expect((await subject.store.runs.findKept(run.id))?.run).toEqual(run);
      expect(await subject.store.runs.find(run.id)).toMatchObject({
        triggeredBy: "webhook",
        parent: { runId: "above", number: 3 },
        after: "before",
        scheduledAt: 17,
      });
    });

    test("what a run was begun for can be changed to what it has taken, which is all that changes", async () => {
      const one = {
        resource: "repo",
        scope: "one",
        jobs: ["build"],
        mode: "latest",
        version: { ref: "a" },
        seq: 1,
      } as const;
      const run = await createRun(subject.store, { begunFor: [one] });
      const other = await createRun(subject.store, { begunFor: [one] });
      const begunFor = [{ ...one, version: { ref: "b" }, seq: 2 }];
      await subject.store.commit([{ type: "run.begun_for", id: run.id, begunFor }]);
      await subject.reopen();
      expect((await subject.store.runs.findKept(run.id))?.run).toEqual({ ...run, begunFor });
      expect((await subject.store.runs.findKept(other.id))?.run).toEqual(other);
    });

    test("a waiting run has the time it goes on, until it is started again", async () => {
      const { id } = await createRun(subject.store);
      await subject.store.commit([
        { type: "run.start", id, at: 1000 },
        { type: "run.wait", id, wakeAt: 5000, at: 1000 },
      ]);
      expect(await subject.store.runs.find(id)).toMatchObject({ status: "waiting", wakeAt: 5000 });
      await subject.store.commit([{ type: "run.start", id, at: 2000 }]);
      expect(await subject.store.runs.find(id)).toMatchObject({ status: "running", startedAt: 1000, wakeAt: null });
    });

    test("a waiting run that has news goes on at that time at the latest, and no other run is touched", async () => {
      const [waiting, running] = [await createRun(subject.store), await createRun(subject.store)];
      await subject.store.commit([
        { type: "run.start", id: running.id, at: 1 },
        { type: "run.wait", id: waiting.id, wakeAt: 5000, at: 1000 },
        { type: "run.wake", id: waiting.id, at: 7000 },
        { type: "run.wake", id: running.id, at: 7000 },
      ]);
      expect(await subject.store.runs.nextWakes(9)).toEqual([{ id: waiting.id, wakeAt: 5000 }]);
      await subject.store.commit([{ type: "run.wake", id: waiting.id, at: 3000 }]);
      expect(await subject.store.runs.nextWakes(9)).toEqual([{ id: waiting.id, wakeAt: 3000 }]);
      await subject.store.commit([
        { type: "run.wait", id: waiting.id, wakeAt: null, at: 1000 },
        { type: "run.wake", id: waiting.id, at: 9000 },
      ]);
      expect(await subject.store.runs.nextWakes(9)).toEqual([{ id: waiting.id, wakeAt: 9000 }]);
    });

    test("that a run is to end is kept with the run", async () => {
      const { id } = await createRun(subject.store);
      const cancel = { code: "RUN_CANCELLED", message: "on request", at: 7 } as const;
      await subject.store.commit([{ type: "run.cancel", id, cancel }]);
      expect(await subject.store.runs.findKept(id)).toMatchObject({ status: "queued", cancel, journalFormat });
    });

    test("runs that wait come in the order in which they go on, and those that wait for news alone do not", async () => {
      const ids = [];
      for (const wakeAt of [300, null, 100, 200]) {
        const { id } = await createRun(subject.store);
        await subject.store.commit([{ type: "run.wait", id, wakeAt, at: 1000 }]);
        ids.push(id);
      }
      expect(await subject.store.runs.nextWakes(2)).toEqual([
        { id: ids[2] ?? "", wakeAt: 100 },
        { id: ids[3] ?? "", wakeAt: 200 },
      ]);
      await subject.store.commit([
        { type: "run.finish", id: ids[2] ?? "", status: "failed", result: null, error, at: 1 },
      ]);
      expect((await subject.store.runs.nextWakes(9)).map(({ wakeAt }) => wakeAt)).toEqual([200, 300]);
    });

    test("a run is asked to end where it has not, and that it has is no error", async () => {
      const cancel = { code: "RUN_REPLACED", message: "another came", at: 5 } as const;
      const { id } = await createRun(subject.store);
      const ask = { type: "run.cancel_if_unfinished", id, cancel } as const;
      await subject.store.commit([{ type: "run.start", id, at: 1 }, ask]);
      expect((await subject.store.runs.findKept(id))?.cancel).toEqual(cancel);
      await subject.store.commit([{ type: "run.finish", id, status: "cancelled", result: null, error, at: 2 }]);
      await subject.store.commit([
        { ...ask, cancel: { ...cancel, at: 9 } },
        { ...ask, id: "unknown" },
      ]);
      expect((await subject.store.runs.findKept(id))?.cancel).toEqual(cancel);
    });

    test("a queued run is dropped, any other stays as it is", async () => {
      const { id: queued } = await createRun(subject.store);
      const { id: running } = await createRun(subject.store);
      await subject.store.commit([{ type: "run.start", id: running, at: 1 }]);
      await subject.store.commit(
        [queued, running, "unknown"].map((id) => ({ type: "run.drop_queued", id, error, at: 7 }) as const),
      );
      expect(await subject.store.runs.find(queued)).toMatchObject({ status: "cancelled", finishedAt: 7, error });
      expect(await subject.store.runs.find(running)).toMatchObject({
        status: "running",
        finishedAt: null,
        error: null,
      });
    });

    test("waiting runs that have a key are listed with it, oldest first", async () => {
      const waiting = [];
      for (const [concurrencyKey, waits] of [
        ["a", true],
        ["a", true],
        ["a", false],
        ["b", true],
        [null, true],
      ] as const) {
        const { id } = await createRun(subject.store, { concurrencyKey });
        if (!waits) continue;
        await subject.store.commit([{ type: "run.wait", id, wakeAt: null, at: 1000 }]);
        if (concurrencyKey !== null) waiting.push({ id, concurrencyKey });
      }
      expect(await subject.store.runs.waitingWithKey()).toEqual(waiting);
    });

    describe("runs that steps of other runs wait for", () => {
      async function createChild(status: StepStatus): Promise<{ readonly parent: string; readonly child: string }> {
        const above = await createRun(subject.store);
        const below = await createRun(subject.store, { parent: { runId: above.id, number: 3 } });
        const step = { ...newStep(`${above.id}.3`, "other", "pipeline"), status, runId: below.id };
        await subject.store.commit([{ type: "step.put", runId: above.id, step }]);
        return { parent: above.id, child: below.id };
      }
      const finish = async (id: string): Promise<void> =>
        await subject.store.commit([{ type: "run.finish", id, status: "succeeded", result: null, error: null, at: 1 }]);

      test("are awaited, ended or not, as long as the step waits and its run is not final", async () => {
        const [one, ended, left, over] = [
          await createChild("waiting"),
          await createChild("waiting"),
          await createChild("succeeded"),
          await createChild("waiting"),
        ];
        await finish(ended.child);
        await finish(over.parent);
        const parentOf = ({ parent }: { parent: string }) => ({ runId: parent, number: 3 });
        const expected = [
          { id: one.child, parent: parentOf(one), hasEnded: false },
          { id: ended.child, parent: parentOf(ended), hasEnded: true },
        ];
        expect(await subject.store.runs.awaitedRuns()).toEqual(expected);
        expect(await subject.store.runs.awaitedRuns(one.parent)).toEqual(expected.slice(0, 1));
        expect(await subject.store.runs.awaitedRuns(left.parent)).toEqual([]);
      });

      test("are forsaken when the step was cancelled and they were not", async () => {
        const [forsaken, ended, asked] = [
          await createChild("cancelled"),
          await createChild("cancelled"),
          await createChild("cancelled"),
        ];
        await createChild("waiting");
        await finish(ended.child);
        const cancel = { code: "RUN_CANCELLED", message: "m", at: 1 } as const;
        await subject.store.commit([{ type: "run.cancel", id: asked.child, cancel }]);
        expect(await subject.store.runs.forsakenRuns()).toEqual([forsaken.child]);
      });
    });

    test("an unknown run is not found", async () => {
      expect(await subject.store.runs.find("nope")).toBeUndefined();
      expect(await subject.store.runs.findKept("nope")).toBeUndefined();
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
      message: null,
      until: null,
      runId: null,
      job: null,
      ...changes,
    });

    test("a step has what it waits for, and what a restart needs to know of it", async () => {
      const { id: runId } = await createRun(subject.store);
      const waiting = step(runId, 3, { status: "waiting", message: "Deploy?", until: 99, runId: "child" });
      await subject.store.commit([{ type: "step.put", runId, step: waiting, progress: { base: [1] } }]);
      expect((await subject.store.runs.find(runId))?.steps).toEqual([waiting]);
      expect(await subject.store.journal.steps(runId)).toEqual(
        new Map([[3, { step: waiting, progress: { base: [1] } }]]),
      );
      await subject.store.commit([{ type: "step.put", runId, step: waiting }]);
      expect((await subject.store.journal.steps(runId)).get(3)?.progress).toBeNull();
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
