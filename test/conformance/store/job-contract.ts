// The part of the store's contract about the jobs of runs.

import { describe, expect, test } from "bun:test";
import { type FinalRunStatus, newStep, type RunStatus, type Step, type StepKind } from "../../../src/core/run.ts";
import type { Write } from "../../../src/store/store.ts";
import { createRun, type Subject } from "./subject.ts";

const job = (name: string, ...needs: readonly string[]) => ({ name, needs });

export function testJobs(subject: Subject): void {
  describe("jobs", () => {
    const statuses = async (id: string): Promise<readonly (readonly [name: string, status: RunStatus])[]> =>
      ((await subject.store.runs.find(id))?.jobs ?? []).map(({ name, status }) => [name, status]);

    test("come in the order they were declared, of one that is there already the first counts", async () => {
      const { id: runId } = await createRun(subject.store);
      await subject.store.commit([{ type: "job.declare", runId, jobs: [job("z"), job("m", "z")] }]);
      await subject.store.commit([{ type: "job.declare", runId, jobs: [job("a"), job("z", "a")] }]);
      const untouched = { status: "queued", message: null, startedAt: null, finishedAt: null } as const;
      expect((await subject.store.runs.find(runId))?.jobs).toEqual([
        { ...job("z"), ...untouched },
        { ...job("m", "z"), ...untouched },
        { ...job("a"), ...untouched },
      ]);
    });

    test("begin once and end once: what comes later changes nothing", async () => {
      const { id: runId } = await createRun(subject.store);
      const begin = (at: number): Write => ({ type: "job.begin", runId, name: "build", at });
      const end = (status: FinalRunStatus, at: number): Write => {
        return { type: "job.end", runId, name: "build", status, message: `at ${String(at)}`, at };
      };
      await subject.store.commit([{ type: "job.declare", runId, jobs: [job("build"), job("other")] }]);
      await subject.store.commit([begin(1), begin(2), end("failed", 3), end("succeeded", 4), begin(5)]);
      const build = { name: "build", status: "failed", message: "at 3", startedAt: 1, finishedAt: 3 };
      expect((await subject.store.runs.find(runId))?.jobs).toMatchObject([build, { name: "other", status: "queued" }]);
    });

    test("wait while they run and all their open steps wait, but for blocks, which are no work", async () => {
      const { id: runId } = await createRun(subject.store);
      const step = (number: number, name: string, status: Step["status"], kind: StepKind = "process"): Write => {
        const made = { ...newStep(`${runId}.${String(number)}`, "step", kind, name), status };
        return { type: "step.put", runId, step: { ...made, finishedAt: status === "failed" ? 9 : null } };
      };
      const names = ["both", "block", "waits", "queued", "idle"];
      await subject.store.commit([
        { type: "job.declare", runId, jobs: names.map((name) => job(name)) },
        ...names.filter((name) => name !== "queued").map((name): Write => ({ type: "job.begin", runId, name, at: 1 })),
        step(1, "both", "waiting"),
        step(2, "both", "running"),
        step(3, "block", "running", "block"),
        step(4, "block", "waiting"),
        step(5, "waits", "waiting"),
        step(6, "waits", "failed"),
        step(7, "queued", "waiting"),
      ]);
      expect(Object.fromEntries(await statuses(runId))).toEqual({
        both: "running",
        block: "waiting",
        waits: "waiting",
        queued: "queued",
        idle: "running",
      });
    });

    const ends: readonly (readonly [FinalRunStatus, RunStatus, RunStatus])[] = [
      ["succeeded", "skipped", "cancelled"],
      ["failed", "skipped", "failed"],
      ["cancelled", "cancelled", "cancelled"],
      ["timed_out", "timed_out", "timed_out"],
    ];
    test.each(ends)(
      "of a run that is %s are then %s where they had not begun, else %s",
      async (status, queued, running) => {
        const [{ id: runId }, { id: other }] = [await createRun(subject.store), await createRun(subject.store)];
        await subject.store.commit([
          ...[runId, other].map((of): Write => ({
            type: "job.declare",
            runId: of,
            jobs: [job("a"), job("b"), job("c")],
          })),
          { type: "job.begin", runId, name: "b", at: 1 },
          { type: "job.end", runId, name: "c", status: "succeeded", message: null, at: 2 },
          { type: "run.finish", id: runId, status, result: null, error: null, at: 9 },
        ]);
        expect((await statuses(runId)).map(([, each]) => each)).toEqual([queued, running, "succeeded"]);
        expect((await subject.store.runs.find(runId))?.jobs.map(({ finishedAt }) => finishedAt)).toEqual([9, 9, 2]);
        expect((await statuses(other)).map(([, each]) => each)).toEqual(["queued", "queued", "queued"]);
      },
    );
  });
}
