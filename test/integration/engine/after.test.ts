// A run that begins with the end of another one.

import { afterEach, describe, expect, test } from "bun:test";
import type { AfterConfig } from "../../../src/core/pipeline-config.ts";
import { maxRunDepth, type Run } from "../../../src/core/run.ts";
import { EngineHarness, until } from "../../fixtures/harness/engine-harness.ts";

let harness: EngineHarness;
afterEach(() => harness.close());

const after = (pipeline: string, ...statuses: AfterConfig["statuses"]): { readonly after: readonly AfterConfig[] } => ({
  after: [{ pipeline, statuses }],
});

async function trigger(pipeline: string): Promise<string> {
  return (await harness.engine.trigger(pipeline, { params: {}, args: [] })).runId;
}

async function followersOf(pipeline: string, count = 1): Promise<readonly Run[]> {
  const list = async (): Promise<readonly Run[]> => (await harness.engine.listRuns({ limit: 100, pipeline })).runs;
  await until(async () => (await list()).length >= count);
  return await Promise.all((await list()).map(async ({ id }) => await harness.end(id)));
}

const context = "export const pipeline = () => [pipelineContext.triggeredBy, pipelineContext.after];";

describe("the end of a run", () => {
  test("begins a run of the pipeline that names it, which is told how it ended", async () => {
    harness = await EngineHarness.open();
    await harness.add("build", "export const pipeline = () => ({ image: 'site:7' });");
    await harness.add("deploy", context, after("build", "succeeded"));
    await harness.add("alarm", context, after("build", "failed"));
    const build = await trigger("build");
    const [deploy] = await followersOf("deploy");
    const told = { runID: build, pipelineID: "build", status: "succeeded", result: { image: "site:7" }, error: null };
    expect(deploy).toMatchObject({ trigger: "pipeline", after: build, parent: null, result: ["pipeline", told] });
    expect((await harness.engine.listRuns({ limit: 9, pipeline: "alarm" })).runs).toEqual([]);
  });

  test("that failed tells its error, and one that is triggered by hand is told nothing", async () => {
    harness = await EngineHarness.open();
    await harness.add("build", "export const pipeline = () => { throw new Error('boom'); };");
    await harness.add("alarm", context, after("build", "failed", "timed_out"));
    await trigger("build");
    const error = { code: "SCRIPT_ERROR", message: "boom" };
    expect((await followersOf("alarm"))[0]?.result).toMatchObject(["pipeline", { status: "failed", error }]);
    expect((await harness.end(await trigger("alarm"))).result).toEqual(["manual", null]);
  });

  test("counts also where the run never began: cancelled in the queue, or skipped", async () => {
    harness = await EngineHarness.open({ maxConcurrentRuns: 1 });
    await harness.add("blocker", "export const pipeline = async () => { await sleep('20s'); };");
    await harness.add("build", "export const pipeline = () => 1;", {
      concurrencyLimit: 1,
      onConflict: "skip",
    });
    await harness.add("alarm", context, after("build", "cancelled", "skipped"));
    const blocker = await trigger("blocker");
    await until(async () => (await harness.engine.getRun(blocker)).status === "running");
    const [queued, skipped] = [await trigger("build"), await trigger("build")];
    expect((await harness.engine.getRun(skipped)).status).toBe("skipped");
    await harness.engine.cancel(queued);
    await harness.engine.cancel(blocker);
    const alarms = await followersOf("alarm", 2);
    expect(new Set(alarms.map((run) => run.after))).toEqual(new Set([queued, skipped]));
  });

  test("and what begins with it are on disk together: the follower begins in the next life too", async () => {
    harness = await EngineHarness.open({ maxConcurrentRuns: 1 });
    await harness.add("build", "export const pipeline = () => 'built';");
    await harness.add("blocker", "export const pipeline = async () => { await sleep('20s'); };");
    await harness.add("deploy", context, after("build", "succeeded"));
    const build = await trigger("build");
    const blocker = await trigger("blocker");
    await harness.end(build);
    await until(async () => (await harness.engine.listRuns({ limit: 9, pipeline: "deploy" })).runs.length === 1);
    expect((await harness.engine.listRuns({ limit: 9, pipeline: "deploy" })).runs[0]?.status).toBe("queued");
    harness = await harness.restart();
    await harness.engine.cancel(blocker);
    expect((await followersOf("deploy"))[0]?.result).toMatchObject(["pipeline", { runID: build, result: "built" }]);
  });
});

test("the end and its follower are one transaction: where one cannot be recorded, neither is", async () => {
  let refuse = true;
  const commits: string[][] = [];
  harness = await EngineHarness.open({
    wrapStore: (store) => {
      const commit: typeof store.commit = async (writes) => {
        const types: string[] = writes.map(({ type }) => type);
        const isEnd = types.includes("run.finish");
        if (isEnd) commits.push(types.filter((type) => type.startsWith("run.")));
        if (isEnd && refuse) {
          refuse = false;
          await store.commit([
            ...writes,
            { type: "schedule.tick", pipeline: "x", schedule: "x", tick: 1, runId: null },
          ]);
        } else await store.commit(writes);
      };
      return new Proxy(store, {
        get: (target, name: keyof typeof store) => (name === "commit" ? commit : target[name]),
      });
    },
  });
  await harness.add("build", "export const pipeline = () => 1;");
  await harness.add("alarm", context, after("build", "succeeded", "failed"));
  const build = await harness.end(await trigger("build"));
  // The first commit failed for good, so the run is failed by another one.
  expect(build.error?.code).toBe("INTERNAL");
  const alarms = await followersOf("alarm");
  expect(alarms.map(({ result }) => result)).toMatchObject([["pipeline", { runID: build.id, status: "failed" }]]);
  expect(commits[0]).toEqual(expect.arrayContaining(["run.finish", "run.create"]));
});

test("a circle of pipelines ends, for all to see", async () => {
  harness = await EngineHarness.open();
  await harness.add("ping", "export const pipeline = () => 1;", after("pong", "succeeded"));
  await harness.add("pong", "export const pipeline = () => 2;", after("ping", "succeeded"));
  await trigger("ping");
  await until(async () => (await harness.engine.listRuns({ limit: 9, status: "skipped" })).runs.length === 1);
  const { runs } = await harness.engine.listRuns({ limit: 100 });
  expect(runs).toHaveLength(maxRunDepth + 2);
  expect(runs[0]).toMatchObject({ status: "skipped", error: { code: "DEPTH_LIMIT" } });
});

test("a follower goes by its own key, and is skipped where no more may wait, since nobody could try again", async () => {
  harness = await EngineHarness.open({ maxConcurrentRuns: 1, maxQueuedRuns: 1 });
  await harness.add("build", "export const pipeline = async () => { await sleep('100ms'); };");
  await harness.add("other", "export const pipeline = async () => { await sleep('20s'); };");
  for (const id of ["deploy", "report"]) {
    await harness.add(id, context, { ...after("build", "succeeded"), concurrencyLimit: 1, concurrencyKey: id });
  }
  const build = await trigger("build");
  const other = await trigger("other");
  await harness.end(build);
  const followers = async (): Promise<readonly Run[]> =>
    (await harness.engine.listRuns({ limit: 9 })).runs.filter((run) => run.after === build);
  await until(async () => (await followers()).some(({ status }) => status === "skipped"));
  // The slot that has become free is the other's, and one of the two may wait.
  const [queued, skipped] = (await followers()).toSorted((a, b) => (a.status < b.status ? -1 : 1));
  expect([queued?.status, skipped?.status, skipped?.error?.code]).toEqual(["queued", "skipped", "QUEUE_FULL"]);
  const kept = await harness.store.runs.findKept(queued?.id ?? "");
  expect(kept?.run.concurrencyKey).toBe(`key:${queued?.pipeline ?? ""}`);
  await harness.engine.cancel(other);
  expect((await harness.end(queued?.id ?? "")).status).toBe("succeeded");
});
