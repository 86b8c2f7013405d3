// A run of a YAML pipeline that is asked to end while its jobs wait for locks: nothing begins after that.

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
