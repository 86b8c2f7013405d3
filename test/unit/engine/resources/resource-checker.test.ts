// When resources are looked at, and which jobs begin on what is found there.

import { beforeEach, expect, test } from "bun:test";
import { CheckerBench, resource, trigger } from "./checker-bench.ts";

let bench: CheckerBench;
beforeEach(() => {
  bench = new CheckerBench();
});

const jobs = [
  { name: "tell", needs: ["deploy"], follows: [["deploy"]] },
  { name: "deploy", needs: ["build"], follows: [["build"]] },
  { name: "build", needs: [], follows: [] },
  { name: "by-hand", needs: ["build"], follows: [] },
];

/** A resource whose check lasts until the test ends it. */
function slow(name: string): ReturnType<typeof resource> {
  return resource({ name, source: { log: "text", force_version: "((version))" } });
}

test("a new version begins a run of its job and all that follow it by themselves", async () => {
  bench.set("ci", [resource()], jobs);
  bench.checker.start();
  await bench.wait(0);
  expect(bench.runs.map(({ run }) => [run.pipeline, run.trigger, run.targetJobs])).toEqual([
    ["ci", "schedule", ["tell", "deploy", "build"]],
  ]);
});

test("what is found again begins nothing, also where another was between", async () => {
  bench.set("ci", [resource()], jobs);
  bench.checker.start();
  await bench.wait(0);
  await bench.pass(3);
  expect(bench.runs).toHaveLength(1);
  bench.vars["version"] = "2";
  await bench.pass(3);
  expect(bench.runs).toHaveLength(2);
});

test("of several new versions the newest begins one run, or where it is asked for each its own, but for the first sight", async () => {
  bench.set("ci", [resource({ triggers: [trigger("build"), trigger("deploy", "every")] })], jobs);
  bench.checker.start();
  await bench.wait(0);
  bench.find("2", "3", "4");
  bench.vars["version"] = "4";
  await bench.pass();
  // Jobs that wait for the same version are begun together.
  expect(bench.runs.map(({ run }) => run.targetJobs)).toEqual([
    ["tell", "deploy", "build"],
    ["tell", "deploy"],
    ["tell", "deploy"],
    ["tell", "deploy", "build"],
  ]);
});

test("however many versions there are at the first sight by a job, one run begins", async () => {
  bench.set("ci", [resource({ triggers: [] })], jobs);
  bench.checker.start();
  await bench.wait(0);
  bench.find("2", "3");
  bench.vars["version"] = "3";
  bench.set("ci", [resource({ triggers: [trigger("build", "every")] })], jobs);
  await bench.pass();
  expect(bench.runs).toHaveLength(1);
});

test("one look begins a hundred runs at most; the rest follow with the next", async () => {
  bench.set("ci", [resource({ triggers: [trigger("build", "every")] })], jobs);
  bench.checker.start();
  await bench.wait(0);
  bench.find(...Array.from({ length: 150 }, (_, index) => `v${index}`));
  bench.vars["version"] = "v149";
  await bench.pass();
  expect(bench.runs).toHaveLength(101);
  await bench.pass();
  expect(bench.runs).toHaveLength(151);
});

test("a run that is still queued takes the newest version itself", async () => {
  bench.endsAtOnce = false;
  bench.set("ci", [resource()], jobs);
  bench.checker.start();
  await bench.wait(0);
  bench.vars["version"] = "2";
  bench.set("ci", [resource({ checkEveryMs: 1000 })], jobs);
  await bench.pass();
  expect(bench.runs).toHaveLength(1);
});

test("a paused pipeline is not looked at, and a check that a pause overtakes is no failure", async () => {
  bench.paused.add("ci");
  bench.set("ci", [slow("repo")], jobs);
  bench.checker.start();
  await bench.wait(0);
  expect(bench.looks).toHaveLength(0);
  bench.paused.clear();
  await bench.pass();
  expect(bench.looks).toHaveLength(1);
  bench.isReady = false;
  bench.paused.add("ci");
  bench.stepEnds.forEach((end) => end());
  await bench.wait(0);
  expect([bench.runs, bench.logged]).toEqual([[], []]);
});

test("a failure is told once; the waits grow to an hour, and its end is told too", async () => {
  bench.vars["failure"] = "no route";
  bench.set("ci", [resource()], jobs);
  bench.checker.start();
  const waits: (number | undefined)[] = [];
  for (let checks = 0; checks < 9; checks++) {
    await bench.wait(bench.clock.pendingMs[0] ?? 0);
    waits.push((bench.clock.pendingMs[0] ?? 0) / 60_000);
  }
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60]);
  bench.vars["failure"] = "";
  await bench.wait(3_600_000);
  await bench.pass();
  bench.vars["failure"] = "again";
  await bench.pass();
  expect(bench.logged.filter((line) => !line.startsWith("debug"))).toEqual([
    "warn: a resource could not be checked",
    "info: a new version of a resource begins a run",
    "info: a resource can be checked again",
    "warn: a resource could not be checked",
  ]);
  expect(bench.clock.pendingMs).toEqual([60_000]);
});

test("where no new runs are taken now a version begins its run with the next check, however long that lasts", async () => {
  bench.isReady = false;
  bench.set("ci", [resource()], jobs);
  bench.checker.start();
  await bench.wait(0);
  await bench.pass(5);
  expect(bench.runs).toHaveLength(0);
  expect(bench.clock.pendingMs).toEqual([60_000]);
  bench.isReady = true;
  await bench.pass();
  expect(bench.runs).toHaveLength(1);
});

test("a resource that stays as it is keeps its time when its file is saved; another source is looked at soon", async () => {
  bench.set("ci", [slow("repo"), slow("other"), slow("never")], jobs);
  bench.checker.start();
  await bench.wait(0);
  bench.set("ci", [slow("repo"), slow("other"), { ...slow("never"), checkEveryMs: null }], jobs);
  await bench.wait(250);
  await bench.wait(30_000);
  expect(bench.looks).toHaveLength(2);
  bench.set("ci", [{ ...slow("repo"), source: { log: "another" } }], jobs);
  await bench.wait(0);
  expect(bench.looks).toHaveLength(3);
});

test("the first looks are spread over two seconds, however many there are", async () => {
  bench.set(
    "ci",
    Array.from({ length: 20 }, (_, index) => resource({ name: `repo-${index}`, triggers: [trigger(`job-${index}`)] })),
    jobs,
  );
  bench.checker.start();
  await bench.wait(0);
  expect(bench.clock.pendingMs).toEqual([250]);
  for (let steps = 0; steps < 7; steps++) await bench.wait(250);
  for (let steps = 0; steps < 5; steps++) await bench.wait(0);
  expect(bench.runs).toHaveLength(20);
  expect(bench.clock.pendingMs[0]).toBeGreaterThan(50_000);
});

test("four are looked at at one time, and each once", async () => {
  const names = ["a", "b", "c", "d", "e", "f"];
  for (const name of names) bench.set(name, [slow(name)], jobs);
  bench.checker.start();
  await bench.wait(0);
  await bench.pass(2);
  expect([bench.looks.length, bench.clock.pendingMs]).toEqual([4, []]);
  bench.stepEnds.splice(0, 2).forEach((end) => end());
  await bench.wait(0);
  await bench.wait(0);
  expect(bench.looks).toHaveLength(6);
});

test("a check that lasts longer than the interval is not begun a second time", async () => {
  bench.set("ci", [slow("repo")], jobs);
  bench.checker.start();
  await bench.wait(0);
  await bench.pass(3);
  expect(bench.looks).toHaveLength(1);
});

test("once it is stopped nothing begins, and the end of what is looked at is waited for", async () => {
  bench.set("ci", [slow("repo"), resource({ name: "later" })], jobs);
  bench.checker.start();
  await bench.wait(0);
  let isStopped = false;
  const stopping = bench.checker.stop().then(() => (isStopped = true));
  expect(bench.clock.pendingMs).toEqual([]);
  bench.set("other", [resource()], jobs);
  await bench.pass(2);
  expect(isStopped).toBeFalse();
  bench.stepEnds.forEach((end) => end());
  await stopping;
  expect([bench.runs, bench.isWatched]).toEqual([[], false]);
});

test("once it is stopped no further version of several begins its run", async () => {
  bench.set("ci", [resource({ triggers: [trigger("build", "every")] })], jobs);
  bench.checker.start();
  await bench.wait(0);
  bench.find("2", "3");
  bench.vars["version"] = "3";
  bench.onBegin = () => void bench.checker.stop();
  await bench.pass();
  expect(bench.runs).toHaveLength(2);
});

test("asked for, a check is made before it is due, and waited for; one that is under way has begun too early", async () => {
  bench.set("ci", [slow("repo"), slow("other")], jobs);
  bench.checker.start();
  await bench.wait(0);
  expect(bench.looks).toHaveLength(1);
  let isChecked = false;
  const checked = bench.checker.checkNow("ci", ["repo"]).then(() => (isChecked = true));
  await bench.wait(0);
  expect(bench.looks).toHaveLength(1);
  bench.stepEnds.splice(0, 1).forEach((end) => end());
  await bench.wait(0);
  await bench.wait(0);
  expect([bench.looks.length, isChecked]).toEqual([2, false]);
  bench.stepEnds.forEach((end) => end());
  await checked;
  expect(bench.clock.pendingMs).toEqual([250]);
});

test("what is checked only when that is asked for is not checked by itself; its failure is no timer", async () => {
  bench.set("ci", [resource({ checkEveryMs: null })], jobs);
  bench.checker.start();
  await bench.pass(3);
  expect([bench.runs, bench.clock.pendingMs, bench.checker.stateOf("ci", "repo")]).toEqual([
    [],
    [],
    { lastCheck: null, nextCheckAt: null },
  ]);
  bench.vars["failure"] = "hunter2 is refused";
  const checkNow = async (): Promise<void> => {
    const checked = bench.checker.checkNow("ci", ["repo"]);
    await bench.wait(0);
    await checked;
  };
  await checkNow();
  expect(bench.checker.stateOf("ci", "repo")).toMatchObject({
    lastCheck: { error: expect.stringContaining("*** is refused") as unknown as string },
    nextCheckAt: null,
  });
  bench.vars["failure"] = "";
  await checkNow();
  expect(bench.runs).toHaveLength(1);
  expect([bench.clock.pendingMs, bench.checker.stateOf("ci", "repo")?.lastCheck?.error]).toEqual([[], null]);
  bench.set("ci", [resource()], jobs);
  await bench.wait(0);
  bench.set("ci", [resource({ checkEveryMs: null })], jobs);
  await bench.wait(0);
  expect(bench.clock.pendingMs).toEqual([]);
});

test("a check that is asked for comes also where the pipeline is changed before it can begin", async () => {
  const never = resource({ name: "asked", checkEveryMs: null });
  bench.set("asked", [never], jobs);
  for (const name of ["a", "b", "c", "d"]) bench.set(name, [slow(name)], jobs);
  bench.checker.start();
  await bench.wait(0);
  await bench.wait(0);
  expect(bench.looks).toHaveLength(4);
  const checked = bench.checker.checkNow("asked", ["asked"]);
  bench.set("asked", [never], jobs);
  bench.stepEnds.forEach((end) => end());
  await bench.wait(0);
  await bench.wait(0);
  await checked;
  expect(bench.checker.stateOf("asked", "asked")?.lastCheck).not.toBeNull();
});

test("nobody waits for a check of what is gone, or of a server that stops", async () => {
  bench.set("ci", [slow("repo")], jobs);
  bench.set("other", [slow("kept")], jobs);
  bench.checker.start();
  await bench.wait(0);
  await bench.wait(2000);
  const [gone, stopped] = [bench.checker.checkNow("ci", ["repo"]), bench.checker.checkNow("other", ["kept"])];
  bench.set("ci", [], jobs);
  await gone;
  const stopping = bench.checker.stop();
  bench.stepEnds.forEach((end) => end());
  await Promise.all([stopping, stopped]);
  await bench.checker.checkNow("other", ["kept"]);
});
