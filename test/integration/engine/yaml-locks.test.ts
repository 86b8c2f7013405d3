// Locks of the jobs of YAML pipelines: as many as there are jobs, and none begins that waits for one as its run ends.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { EngineHarness, until } from "../../fixtures/harness/engine-harness.ts";

let harness: EngineHarness;
beforeEach(async () => {
  harness = await EngineHarness.open();
});
afterEach(() => harness.close());

const task = (name: string, command: string): string =>
  `{ task: ${name}, config: { platform: linux, run: { path: sh, args: [-c, ${JSON.stringify(command)}] } } }`;

async function trigger(jobs: readonly string[]): Promise<string> {
  return (await harness.engine.trigger("p", { params: {}, args: [], jobs })).runId;
}

test("a run has a lock for each of its jobs, however many there are", async () => {
  const jobs = Array.from(
    { length: 120 },
    (_, index) => `  - { name: j${index}, serial: true, plan: [${task("t", "true")}] }`,
  );
  await harness.addYaml("p", `jobs:\n${jobs.join("\n")}\n`);
  expect(await harness.end(await trigger([]))).toMatchObject({ status: "succeeded", error: null });
}, 60_000);

test("jobs of a run that is over its time are timed out, whether they work or wait for a lock", async () => {
  const jobs = `  - { name: works, serial_groups: [g], plan: [${task("hold", "sleep 60")}] }
  - { name: waits, serial_groups: [g], plan: [${task("never", "true")}] }`;
  await harness.addYaml("p", `config: { timeout: 2s }\njobs:\n${jobs}\n`);
  const run = await harness.end(await trigger([]));
  expect(run.status).toBe("timed_out");
  expect(run.jobs.map(({ name, status }) => [name, status])).toEqual([
    ["works", "timed_out"],
    ["waits", "timed_out"],
  ]);
  expect(await harness.store.locks.all()).toEqual([]);
}, 60_000);

test("jobs that share a lock, and those behind pipeline-wide turns, do not begin once the run is asked to end", async () => {
  await harness.addYaml(
    "p",
    `
max_in_flight: 2
jobs:
  - { name: holder, serial_groups: [g], plan: [${task("hold", "sleep 60")}] }
  - { name: first, serial_groups: [g], plan: [${task("one", `echo first >> ${harness.path("marks")}`)}] }
  - { name: second, serial_groups: [g], plan: [${task("two", `echo second >> ${harness.path("marks")}`)}] }
  - { name: third, plan: [${task("three", `echo third >> ${harness.path("marks")}`)}] }
`,
  );
  const holding = await trigger(["holder"]);
  await until(async () => (await harness.engine.getRun(holding)).steps.length > 0);
  const waiting = await trigger(["first", "second", "third"]);
  await until(async () => (await harness.engine.getRun(waiting)).status === "waiting");
  const askedAt = performance.now();
  await harness.engine.cancel(waiting);
  const run = await harness.end(waiting);
  expect(run.jobs.map(({ name, status }) => [name, status])).toEqual([
    ["first", "cancelled"],
    ["second", "cancelled"],
    ["third", "skipped"],
  ]);
  expect(await harness.lines("marks")).toEqual([]);
  expect(performance.now() - askedAt).toBeLessThan(5000);
}, 60_000);
