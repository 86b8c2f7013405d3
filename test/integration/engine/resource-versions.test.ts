// Which versions of its resources a run has: those that it was begun for, so that each is done once.

import { afterEach, beforeEach, expect, test } from "bun:test";
import type { Run } from "../../../src/core/run.ts";
import { BareRepository } from "../../fixtures/git/bare-repository.ts";
import { EngineHarness, until } from "../../fixtures/harness/engine-harness.ts";

let harness: EngineHarness;
let code: BareRepository;
let data: BareRepository;
beforeEach(async () => {
  harness = await EngineHarness.open();
  code = new BareRepository(harness.path("code.git"));
  data = new BareRepository(harness.path("data.git"));
});
afterEach(() => harness.close());

/** Waits for the file `go` before it gets anything, and says what it got. */
const ciOf = ({ codeEvery = "1s", dataEvery = "1s", version = "latest" } = {}): string => `
resources:
  - { name: code, type: git, check_every: ${codeEvery}, source: { uri: ${code.path}, branch: main } }
  - { name: data, type: git, check_every: ${dataEvery}, source: { uri: ${data.path}, branch: main } }
jobs:
  - name: build
    plan:
      - task: hold
        config: { platform: linux, run: { path: sh, args: [-c, "until [ -e $GO ]; do sleep 0.1; done"] }, params: { GO: ${harness.path("go")} } }
      - { get: code, trigger: true, version: ${version} }
      - { get: data, trigger: true }
      - task: say
        config:
          platform: linux
          inputs: [{ name: code }, { name: data }]
          run: { path: sh, args: [-c, "echo $(cat code/README.md) and $(cat data/README.md) >> $OUT"] }
          params: { OUT: ${harness.path("said")} }
  - { name: look, plan: [{ get: data }] }
`;

const [one, two, three] = [
  "first commit and first commit",
  "second commit and first commit",
  "third commit and first commit",
];

async function runs(): Promise<readonly Run[]> {
  const { runs: found } = await harness.engine.listRuns({ limit: 100 });
  return found.toReversed();
}

/** Resolves when there are so many. */
async function begun(count: number): Promise<readonly Run[]> {
  await until(async () => (await runs()).length >= count);
  return await runs();
}

async function ended(count: number): Promise<readonly Run[]> {
  await until(async () => (await runs()).filter(({ finishedAt }) => finishedAt !== null).length >= count);
  return await runs();
}

const said = async (): Promise<readonly string[]> => (await harness.lines("said")).toSorted();
const go = async (): Promise<void> => await harness.write("go", "");
/** Long enough for some checks more. */
const checksPass = async (): Promise<void> => await Bun.sleep(2500);

test("a run that is late to its get has the version it was begun for, and the next one that of its own, over a restart too", async () => {
  await harness.addYaml("ci", ciOf());
  await begun(1);
  code.push("second commit");
  await begun(2);
  harness = await harness.restart();
  await go();
  await ended(2);
  await checksPass();
  expect([await said(), (await runs()).length]).toEqual([[one, two], 2]);
}, 30_000);

test("news of several resources of a job is one run's, where it is known as that begins", async () => {
  await go();
  await harness.addYaml("ci", ciOf({ dataEvery: "never" }));
  const { resources } = harness.engine;
  await resources.check("ci", "data");
  await ended(1);
  data.push("more data");
  const byHand = await harness.engine.trigger("ci", { params: {}, args: [], jobs: ["look"] });
  await harness.end(byHand.runId);
  code.push("second commit");
  await ended(3);
  await resources.check("ci", "data");
  await checksPass();
  expect([await said(), (await runs()).length]).toEqual([[one, "second commit and more data"], 3]);
}, 30_000);

test("what is known of another resource only after a run has begun is the next run's", async () => {
  await harness.addYaml("ci", ciOf());
  await begun(1);
  data.push("more data");
  await begun(2);
  await go();
  await ended(2);
  expect(await said()).toEqual([one, "first commit and more data"]);
}, 30_000);

test("the first sight of all resources of a job begins one run, as does the first after the server was away", async () => {
  await go();
  await harness.addYaml("ci", ciOf());
  await ended(1);
  await checksPass();
  expect(await runs()).toHaveLength(1);
  await harness.engine.pausePipeline("ci");
  code.push("second commit");
  data.push("more data");
  harness = await harness.restart();
  await harness.engine.resumePipeline("ci");
  await ended(2);
  await checksPass();
  expect([await said(), (await runs()).length]).toEqual([[one, "second commit and more data"], 2]);
}, 30_000);

test("a resource that cannot be checked holds back no run for the others", async () => {
  await go();
  await harness.addYaml("ci", ciOf().replace(data.path, `${data.path}-absent`));
  const [run] = await ended(1);
  expect(run?.status).toBe("failed");
  expect(run?.jobs[0]?.message).toContain("get data: ");
  await checksPass();
  expect(await runs()).toHaveLength(1);
}, 30_000);

test("a job behind another takes the first sight of a resource of its own in the run that comes to it", async () => {
  await harness.addYaml(
    "ci",
    `resources:
  - { name: code, type: git, check_every: never, source: { uri: ${code.path}, branch: main } }
  - { name: data, type: git, check_every: never, source: { uri: ${data.path}, branch: main } }
jobs:
  - { name: unit, plan: [{ get: code, trigger: true }] }
  - { name: release, plan: [{ get: code, passed: [unit], trigger: true }, { get: data, trigger: true }] }
`,
  );
  const { resources } = harness.engine;
  await resources.check("ci", "data");
  await resources.check("ci");
  await ended(1);
  await resources.check("ci");
  data.push("more data");
  await resources.check("ci");
  await ended(2);
  expect((await runs()).map(({ jobs }) => jobs.map(({ name, status }) => `${name} ${status}`))).toEqual([
    ["unit succeeded", "release succeeded"],
    ["release succeeded"],
  ]);
}, 30_000);

test("a run that waited in the queue has the newest, and so has a rerun of it, which else has what its run was begun for", async () => {
  harness = await harness.restart({ maxConcurrentRuns: 1 });
  await harness.addYaml("ci", ciOf({ codeEvery: "never", dataEvery: "never" }));
  const { resources } = harness.engine;
  await resources.check("ci");
  await until(async () => ((await runs())[0]?.steps.length ?? 0) > 0);
  const [first] = await runs();
  code.push("second commit");
  await resources.check("ci");
  const queued = (await begun(2))[1];
  code.push("third commit");
  await resources.check("ci");
  await go();
  await ended(2);
  await resources.check("ci");
  expect([await said(), (await runs()).length]).toEqual([[one, three], 2]);
  for (const run of [first, queued]) await harness.end((await harness.engine.rerun(run?.id ?? "", {})).runId);
  expect(await said()).toEqual([one, one, three, three]);
}, 40_000);
