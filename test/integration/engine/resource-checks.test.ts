// Resources that are checked between runs: new versions begin the jobs that wait for them, each once.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import type { Run } from "../../../src/core/run.ts";
import { BareRepository } from "../../fixtures/git/bare-repository.ts";
import { EngineHarness, until } from "../../fixtures/harness/engine-harness.ts";

let harness: EngineHarness;
let repository: BareRepository;
beforeEach(async () => {
  harness = await EngineHarness.open();
  repository = new BareRepository(harness.path("repo.git"));
});
afterEach(() => harness.close());

const ciOf = (uri: string, more = ""): string => `
resources:
  - { name: repo, type: git, check_every: 1s, source: { uri: ${uri}, branch: main } }
jobs:
  - name: build
    plan:
      - { get: repo, trigger: true${more} }
      - task: show
        config: { platform: linux, inputs: [{ name: repo }], run: { path: sh, args: [-c, "cat repo/README.md >> $OUT"] }, params: { OUT: ${uri}.seen } }
  - { name: deploy, plan: [{ get: repo, passed: [build], trigger: true }] }
  - { name: by-hand, plan: [{ get: repo, passed: [build] }] }
  - { name: on-its-own, plan: [{ get: repo }] }
`;

/** Its get comes some seconds after the beginning of a run. */
const lateOf = (uri: string): string =>
  ciOf(uri, ", version: every").replace(
    "    plan:\n",
    `    plan:\n      - { task: rest, config: { platform: linux, run: { path: sleep, args: ["3"] } } }\n`,
  );

async function runs(): Promise<readonly Run[]> {
  const { runs: found } = await harness.engine.listRuns({ limit: 100 });
  return found.toReversed();
}

async function ended(count: number): Promise<readonly Run[]> {
  await until(async () => (await runs()).filter(({ finishedAt }) => finishedAt !== null).length >= count);
  return await runs();
}

/** Long enough for some checks more. */
const checksPass = async (): Promise<void> => await Bun.sleep(2500);

test("the first sight of a resource begins one run, of the jobs that follow by themselves", async () => {
  await harness.addYaml("ci", ciOf(repository.path));
  const [run] = await ended(1);
  expect(run).toMatchObject({ status: "succeeded", trigger: "schedule" });
  expect(run?.jobs.map(({ name, status }) => [name, status])).toEqual([
    ["build", "succeeded"],
    ["deploy", "succeeded"],
  ]);
  await checksPass();
  expect(await runs()).toHaveLength(1);
}, 30_000);

test("jobs that wait for the same version are begun in one run, and what has to pass all of them waits for all", async () => {
  const task = (script: string): string =>
    `{ task: t, config: { platform: linux, run: { path: sh, args: [-c, "${script}"] } } }`;
  await harness.addYaml(
    "ci",
    `resources: [{ name: repo, type: git, check_every: 1s, source: { uri: ${repository.path} } }]
jobs:
  - { name: unit, plan: [{ get: repo, trigger: true }, ${task("true")}] }
  - { name: lint, plan: [{ get: repo, trigger: true }, ${task("false")}] }
  - { name: deploy, plan: [{ get: repo, passed: [unit, lint], trigger: true }, ${task("true")}] }
  - { name: by-hand, plan: [{ get: repo }] }
  - { name: later, plan: [{ get: repo, passed: [unit, by-hand], trigger: true }] }
`,
  );
  const [run] = await ended(1);
  await checksPass();
  expect(await runs()).toHaveLength(1);
  expect(run?.jobs.map(({ name, status }) => [name, status])).toEqual([
    ["unit", "succeeded"],
    ["lint", "failed"],
    ["deploy", "skipped"],
  ]);
}, 30_000);

test("a push begins one run more, and none again after a restart", async () => {
  await harness.addYaml("ci", ciOf(repository.path));
  await ended(1);
  repository.push("second commit");
  await ended(2);
  harness = await harness.restart();
  await checksPass();
  expect(await runs()).toHaveLength(2);
  expect(await harness.lines("repo.git.seen")).toEqual(["first commit", "second commit"]);
}, 30_000);

test("a run that is queued takes what is pushed meanwhile, also where the server was started again", async () => {
  harness = await harness.restart({ maxConcurrentRuns: 1 });
  const blocking = await harness.start(
    `await runtime.run({ command: "until [ -e ${harness.path("go")} ]; do sleep 0.1; done" });`,
  );
  await until(async () => (await harness.engine.getRun(blocking)).steps.length > 0);
  await harness.addYaml("ci", ciOf(repository.path));
  await until(async () => (await runs()).length === 2);
  harness = await harness.restart();
  repository.push("second commit");
  await checksPass();
  await harness.write("go", "");
  await ended(2);
  await checksPass();
  expect(await harness.lines("repo.git.seen")).toEqual(["second commit"]);
}, 30_000);

test("a version that several jobs of a run by hand get begins no other run of any of them", async () => {
  const hold = `{ task: hold, config: { platform: linux, run: { path: sh, args: [-c, "until [ -e ${harness.path("go")} ]; do sleep 0.1; done"] } } }`;
  await harness.addYaml(
    "two",
    `
resources: [{ name: repo, type: git, check_every: never, source: { uri: ${repository.path} } }]
jobs:
  - { name: lint, plan: [{ get: repo, trigger: true }] }
  - { name: test, plan: [{ try: { do: [{ get: source, resource: repo, trigger: true }] } }, ${hold}] }
`,
  );
  const { resources } = harness.engine;
  await harness.write("go", "");
  await resources.check("two");
  await ended(1);
  await rm(harness.path("go"));
  repository.push("second commit");
  const { runId } = await harness.engine.trigger("two", { params: {}, args: [] });
  await until(async () => (await harness.engine.getRun(runId)).steps.some(({ name }) => name.includes("hold")));
  await resources.check("two");
  await harness.write("go", "");
  await harness.end(runId);
  await resources.check("two");
  expect((await runs()).map(({ trigger }) => trigger)).toEqual(["schedule", "manual"]);
}, 30_000);

test("with version: every each commit has a run of its own, in their order", async () => {
  await harness.addYaml("ci", ciOf(repository.path, ", version: every"));
  await ended(1);
  for (const message of ["two", "three", "four"]) repository.push(message);
  const all = await ended(4);
  expect(all.map(({ status }) => status)).toEqual(Array.from({ length: 4 }, () => "succeeded"));
  expect((await harness.lines("repo.git.seen")).toSorted()).toEqual(["first commit", "four", "three", "two"]);
}, 30_000);

test("with version: every a commit is not passed over because a run by hand got a later one before the next check", async () => {
  await harness.addYaml("ci", ciOf(repository.path, ", version: every").replace("check_every: 1s", "check_every: 3s"));
  await ended(1);
  repository.push("two");
  repository.push("three");
  const { runId } = await harness.engine.trigger("ci", { params: {}, args: [], jobs: ["on-its-own"] });
  await harness.end(runId);
  await until(async () => (await harness.lines("repo.git.seen")).length >= 3);
  expect((await harness.lines("repo.git.seen")).toSorted()).toEqual(["first commit", "three", "two"]);
}, 30_000);

test("with version: every a run has the version it was begun for, however late its get, and whatever became of others", async () => {
  await harness.addYaml("ci", lateOf(repository.path));
  const begun = async (count: number): Promise<Run | undefined> => {
    await until(async () => (await runs()).length >= count);
    return (await runs()).at(-1);
  };
  await begun(1);
  repository.push("two");
  const second = await begun(2);
  await harness.engine.cancel(second?.id ?? "");
  repository.push("three");
  await ended(3);
  expect(await harness.lines("repo.git.seen")).toEqual(["first commit", "three"]);
  // So has a rerun of it.
  await harness.engine.rerun(second?.id ?? "", {});
  await ended(4);
  expect(await harness.lines("repo.git.seen")).toEqual(["first commit", "three", "two"]);
}, 30_000);

test("a resource that cannot be checked is told once, and checked again", async () => {
  await harness.addYaml("ci", ciOf(`${repository.path}-absent`));
  await until(() => harness.logged.some((line) => line.includes("could not be checked")));
  await checksPass();
  expect(harness.logged.filter((line) => /"level":"warn".*could not be checked/.test(line))).toHaveLength(1);
  expect(await runs()).toHaveLength(0);
}, 30_000);

test("a resource that is to be checked more often is so from then on", async () => {
  await harness.addYaml("ci", ciOf(repository.path).replace("check_every: 1s", "check_every: 1h"));
  await ended(1);
  await harness.addYaml("ci", ciOf(repository.path));
  repository.push("second commit");
  await ended(2);
}, 30_000);

test("a paused pipeline begins nothing, and once when it is resumed", async () => {
  await harness.addYaml("ci", ciOf(repository.path));
  await harness.engine.pausePipeline("ci");
  await checksPass();
  const before = (await runs()).length;
  await harness.engine.resumePipeline("ci");
  await ended(1);
  expect([before <= 1, (await runs()).length]).toEqual([true, 1]);
  // That it may begin nothing is no trouble to be told.
  expect(harness.logged.filter((line) => line.includes("could not be checked"))).toEqual([]);
}, 30_000);

const slowOf = (word: string): string => `
resources: [{ name: slow, type: mock, check_every: 1s, source: { check_delay: 3s } }]
jobs:
  - name: build
    plan:
      - { get: slow, trigger: true }
      - { task: say, config: { platform: linux, run: { path: sh, args: [-c, "echo ${word} >> $OUT"] }, params: { OUT: ${harness.path("said")} } } }
`;

test("a pipeline that changes while a resource of it is checked begins what it is by then", async () => {
  await harness.addYaml("slow", slowOf("old"));
  await Bun.sleep(1500);
  await harness.addYaml("slow", slowOf("new"));
  await ended(1);
  await checksPass();
  expect(await harness.lines("said")).toEqual(["new"]);
}, 30_000);

test("a pipeline that is removed while a resource of it is checked begins nothing", async () => {
  await harness.addYaml("slow", slowOf("gone"));
  await Bun.sleep(1500);
  harness.remove("slow");
  await Bun.sleep(4000);
  expect(await runs()).toEqual([]);
}, 30_000);

test("a check that hangs does not hold up the end of the server", async () => {
  await harness.addYaml("hangs", slowOf("never").replace("check_delay: 3s", "check_delay: 50s"));
  await Bun.sleep(1500);
  const askedAt = performance.now();
  harness = await harness.restart();
  expect(performance.now() - askedAt).toBeLessThan(5000);
  expect(harness.logged.filter((line) => line.includes("could not be checked"))).toEqual([]);
}, 30_000);

test("a job that comes late to its get is begun once for a version all the same", async () => {
  await harness.addYaml(
    "late",
    `
resources: [{ name: repo, type: git, check_every: 1s, source: { uri: ${repository.path} } }]
jobs:
  - name: build
    plan:
      - { task: rest, config: { platform: linux, run: { path: sleep, args: ["4"] } } }
      - { get: repo, trigger: true }
`,
  );
  await ended(1);
  expect(await runs()).toHaveLength(1);
}, 30_000);

test("what is known of resources is told, and a check that is asked for sees a push at once", async () => {
  await harness.addYaml(
    "ci",
    `${ciOf(repository.path).replace("check_every: 1s", "check_every: never")}
  - { name: lost, plan: [{ get: gone }] }
`.replace(
      "resources:\n",
      `resources:\n  - { name: gone, type: git, check_every: never, source: { uri: ${harness.path("nowhere.git")}, branch: main } }\n`,
    ),
  );
  const { resources } = harness.engine;
  expect(await resources.list("ci")).toMatchObject([
    { name: "gone", lastCheck: null, nextCheckAt: null, versions: [] },
    { name: "repo", type: "git", checkEveryMs: null, paused: false, versions: [] },
  ]);
  const [repo] = await resources.check("ci", "repo");
  expect(repo).toMatchObject({ name: "repo", lastCheck: { error: null }, versions: [{ passed: [] }] });
  const [run] = await ended(1);
  expect((await resources.list())[1]?.versions).toMatchObject([
    {
      passed: [
        { job: "build", runId: run?.id },
        { job: "deploy", runId: run?.id },
      ],
    },
  ]);
  const [gone] = await resources.check("ci", "gone");
  expect(gone?.lastCheck?.error).toContain("nowhere.git");
  expect(await resources.check("ci", "rep").catch((thrown: unknown) => thrown)).toMatchObject({
    code: "RESOURCE_NOT_FOUND",
    hint: 'did you mean "repo"?',
  });
  expect(await resources.list("no").catch((thrown: unknown) => thrown)).toMatchObject({ code: "PIPELINE_NOT_FOUND" });
}, 30_000);

test("a run for some jobs takes no version from before it where its own has not passed the others", async () => {
  await harness.addYaml(
    "ci",
    `resources: [{ name: thing, type: mock, check_every: never, source: { force_version: v((v)) } }]
jobs:
  - { name: unit, plan: [{ get: thing }] }
  - { name: lint, plan: [{ get: thing }] }
  - { name: deploy, plan: [{ get: thing, passed: [unit, lint] }] }
`,
  );
  const run = async (v: number, jobs: readonly string[]): Promise<Run> =>
    await harness.end((await harness.engine.trigger("ci", { params: { v }, args: [], jobs })).runId);
  const statuses = ({ jobs }: Run): readonly string[] => jobs.map(({ name, status }) => `${name} ${status}`);
  expect(statuses(await run(1, []))).toEqual(["unit succeeded", "lint succeeded", "deploy succeeded"]);
  const one = await run(2, ["unit"]);
  expect(statuses(one)).toEqual(["unit succeeded", "deploy skipped"]);
  expect(one.jobs[1]?.message).toBe("get thing: no version of it has passed unit and lint yet");
  expect(one.status).toBe("succeeded");
  expect(statuses(await run(2, ["lint"]))).toEqual(["lint succeeded", "deploy succeeded"]);
}, 30_000);
