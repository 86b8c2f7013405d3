// The jobs that a script tells of: in its run while it goes on, over a restart and a rerun, and true however it ends.

import { afterEach, expect, test } from "bun:test";
import type { Job } from "../../../src/core/run.ts";
import { EngineHarness, until } from "../../fixtures/harness/engine-harness.ts";
import { rejection } from "../../unit/store/store-files.ts";

let harness: EngineHarness;
afterEach(() => harness.close());

const declared = `jobs.declare([{ name: "build" }, { name: "test", needs: ["build"] }]);`;

function shown(jobs: readonly Job[]): readonly string[] {
  return jobs.map(({ name, status, message }) => `${name} ${status}${message === null ? "" : `: ${message}`}`);
}

const left = "the run ended before this job did";
const notBegun = "the run ended before this job began";

test("jobs and the steps that are of them are told with the run, in the order of declaration", async () => {
  harness = await EngineHarness.open();
  const run = await harness.run(`
    ${declared}
    jobs.begin("build");
    await runtime.run({ command: "true", job: "build" });
    await step("block", () => 1, { job: "build" });
    jobs.end("build", { status: "succeeded" });
    jobs.end("test", { status: "skipped", message: "not today" });`);
  expect(run.steps.map(({ name, job }) => [name, job])).toEqual([
    ["true", "build"],
    ["block", "build"],
  ]);
  expect(shown(run.jobs)).toEqual(["build succeeded", "test skipped: not today"]);
  const [build, tested] = run.jobs;
  expect(tested).toMatchObject({ needs: ["build"], startedAt: null });
  expect(build?.startedAt ?? 0).toBeGreaterThanOrEqual(run.createdAt);
  expect(build?.finishedAt ?? 0).toBeGreaterThanOrEqual(build?.startedAt ?? Infinity);
});

test.each([
  [`throw new Error("no");`, [`build failed: ${left}`, `test skipped: ${notBegun}`]],
  [`for (;;) {}`, [`build failed: ${left}`, `test skipped: ${notBegun}`]],
  [`return 1;`, [`build cancelled: ${left}`, `test skipped: ${notBegun}`]],
])("jobs left open by %p are ended with the run", async (rest, expected) => {
  harness = await EngineHarness.open();
  const run = await harness.run(`${declared} jobs.begin("build"); await sleep(1); ${rest}`);
  expect(shown(run.jobs)).toEqual(expected);
  expect(run.jobs.map(({ finishedAt }) => finishedAt)).toEqual([run.finishedAt, run.finishedAt]);
});

test("a job whose steps all wait is waiting, and cancelled with its run", async () => {
  harness = await EngineHarness.open();
  const id = await harness.start(`
    ${declared} jobs.begin("build"); await signal.wait("go", { job: "build" });`);
  await until(async () => (await harness.engine.getRun(id)).status === "waiting");
  expect(shown((await harness.engine.getRun(id)).jobs)).toEqual(["build waiting", "test queued"]);
  await harness.engine.cancel(id);
  expect(shown((await harness.end(id)).jobs)).toEqual([`build cancelled: ${left}`, `test cancelled: ${notBegun}`]);
});

test("jobs are as they were told over a restart, and go on", async () => {
  harness = await EngineHarness.open();
  const id = await harness.start(`
    ${declared}
    jobs.begin("build"); await signal.wait("go"); jobs.end("build", { status: "succeeded" });
    jobs.begin("test"); jobs.end("test", { status: "failed", message: "red" });`);
  await until(async () => (await harness.engine.getRun(id)).status === "waiting");
  const before = (await harness.engine.getRun(id)).jobs[0]?.startedAt;
  harness = await harness.restart();
  await harness.engine.signal(id, "go", null);
  const { jobs } = await harness.end(id);
  expect(shown(jobs)).toEqual(["build succeeded", "test failed: red"]);
  expect(jobs[0]?.startedAt).toBe(before ?? 0);
});

test("a rerun from a step has the jobs that were told of before it, and their steps", async () => {
  harness = await EngineHarness.open();
  const old = await harness.run(`
    ${declared}
    jobs.begin("build"); await runtime.run({ name: "make", command: "true", job: "build" });
    jobs.end("build", { status: "succeeded" }); jobs.begin("test");
    const { code } = await runtime.run({ name: "check", command: "false", job: "test" });
    jobs.end("test", { status: code === 0 ? "succeeded" : "failed" });
    throw new Error("red");`);
  const { runId } = await harness.engine.rerun(old.id, { from: "check" });
  const run = await harness.end(runId);
  expect(shown(run.jobs)).toEqual(["build succeeded", "test failed"]);
  expect(run.jobs[0]).toEqual(old.jobs[0] as Job);
  expect(run.steps.map(({ name, job }) => `${name} ${job}`)).toEqual(["make build", "check test"]);
});

test.each([
  [`jobs.begin("bild")`, `jobs.begin: no job "bild" was declared; did you mean "build"?`],
  [`jobs.begin("build"); jobs.begin("build")`, `jobs.begin: job "build" has begun already`],
  [`jobs.end("build", { status: "done" })`, "status must be one of"],
  [`jobs.declare([{ name: "build" }])`, `there is a job "build" already`],
  [`jobs.declare([{ name: "x", needs: ["y"] }])`, `no job "y" was declared`],
  [`jobs.declare(Array.from({ length: 1000 }, (_, n) => ({ name: "j" + n })))`, "at most 1000 jobs"],
  [`jobs.declare([{ name: "a\\nb" }])`, "a name of 1 to 200 characters on one line"],
  [`await runtime.run({ command: "true", job: "" })`, "job must be the name of a job"],
])("%p is refused", async (statement, message) => {
  harness = await EngineHarness.open();
  const { error } = await harness.run(`${declared} ${statement};`);
  expect(error?.message).toContain(message);
});

test("a run for some jobs sees those and all that need them, and so do its reruns", async () => {
  const jobs = ["build", "test", "docs"].map((name) => ({
    name,
    needs: name === "test" ? ["build"] : [],
    follows: [],
  }));
  harness = await EngineHarness.open({ config: { jobs } });
  await harness.add(
    "ci",
    `export const pipeline = async () => { await runtime.run({ name: "step", command: "true" }); return pipelineContext.targetJobs; };`,
  );
  const { runId } = await harness.engine.trigger("ci", { params: {}, args: [], jobs: ["build"] });
  const run = await harness.end(runId);
  expect(run.result).toEqual(["build", "test"]);
  const again = await harness.engine.rerun(run.id, {});
  expect((await harness.end(again.runId)).result).toEqual(["build", "test"]);
  const fromStep = await harness.engine.rerun(run.id, { from: "step" });
  expect((await harness.end(fromStep.runId)).result).toEqual(["build", "test"]);
  const all = await harness.engine.trigger("ci", { params: {}, args: [] });
  expect((await harness.end(all.runId)).result).toEqual([]);
  const refused = harness.engine.trigger("ci", { params: {}, args: [], jobs: ["biuld"] });
  expect(await rejection(refused)).toMatchObject({
    code: "JOB_NOT_FOUND",
  });
});

test("events of steps tell the job, where there is one", async () => {
  harness = await EngineHarness.open();
  const run = await harness.run(`
    ${declared}
    await runtime.run({ name: "make", command: "false", job: "build" });
    await runtime.run({ name: "tidy", command: "true" });`);
  const { events } = await harness.store.events.list({ runId: run.id, limit: 100 });
  const ofSteps = events.toReversed().filter(({ data }) => data["step_id"] !== undefined);
  expect(ofSteps.map(({ type, data }) => [type, data["name"], data["job"]])).toEqual([
    ["run.step.started", "make", "build"],
    ["error.occurred", "make", "build"],
    ["run.step.failed", "make", "build"],
    ["run.step.started", "tidy", undefined],
    ["run.step.completed", "tidy", undefined],
  ]);
});

test("a run that is cancelled while its jobs wait for another run's lock begins none of them", async () => {
  harness = await EngineHarness.open();
  await harness.addYaml(
    "locked",
    `jobs:
  - { name: one, serial_groups: [x], plan: [{ gate: ok }] }
  - { name: two, serial_groups: [x], plan: [{ gate: ok }] }
`,
  );
  const start = async (): Promise<string> =>
    (await harness.engine.trigger("locked", { params: {}, args: [], jobs: [] })).runId;
  const isHeld = async (id: string): Promise<boolean> =>
    (await harness.engine.getRun(id)).steps.some(({ status }) => status === "waiting");
  const first = await start();
  await until(async () => await isHeld(first));
  const second = await start();
  await until(async () => await isHeld(second));
  expect((await harness.engine.getRun(second)).steps).toMatchObject([
    { name: "group x", job: "one", status: "waiting", message: `held by run ${first}` },
  ]);
  const said = async (id: string): Promise<string[]> => (await harness.logs(id)).map(({ text }) => text);
  expect(await said(second)).toEqual([`waits for the lock "group x", held by run ${first}`]);
  expect((await said(first)).filter((text) => text.includes("lock"))).toEqual([]);
  await harness.engine.cancel(second);
  const run = await harness.engine.waitForEnd(second, 10_000);
  expect([run.status, ...shown(run.jobs)]).toEqual([
    "cancelled",
    "one cancelled: the run was cancelled on request",
    "two cancelled: the run was asked to end before",
  ]);
  await harness.engine.cancel(first);
  expect((await harness.end(first)).status).toBe("cancelled");
});
