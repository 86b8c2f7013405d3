// Which versions a run is begun for, where jobs wait for several resources.

import { beforeEach, expect, test } from "bun:test";
import type { ResourceConfig } from "../../../../src/core/pipeline-config.ts";
import { CheckerBench, resource, trigger } from "./checker-bench.ts";

let bench: CheckerBench;
beforeEach(() => {
  bench = new CheckerBench();
});

/** What is found of it is the var of its name. */
function named(name: string, changes: Partial<ResourceConfig> = {}): ResourceConfig {
  bench.vars[name] ??= "1";
  return resource({ name, source: { force_version: `((${name}))` }, ...changes });
}

const never = { checkEveryMs: null };

async function checkNow(name: string): Promise<void> {
  const checked = bench.checker.checkNow("ci", [name]);
  for (let turns = 0; turns < 3; turns++) await bench.wait(0);
  await checked;
}

test("a run is begun for what is known of the other resources of its jobs, which begins no other one", async () => {
  bench.set("ci", [named("code"), named("data", never), named("elsewhere", { triggers: [trigger("tell")] })]);
  bench.checker.start();
  await bench.wait(0);
  expect(bench.begunFor).toEqual([["build: code 1"]]);
  bench.findOf("data", "2");
  bench.vars["data"] = "2";
  bench.vars["code"] = "2";
  await bench.pass();
  await checkNow("data");
  expect(bench.begunFor.slice(1)).toEqual([["build: code 2", "build: data 2"], ["tell: elsewhere 1"]]);
  bench.vars["data"] = "3";
  await checkNow("data");
  expect(bench.begunFor.slice(3)).toEqual([["build: code 2", "build: data 3"]]);
});

test("of another resource each version that is to have a run of its own has one still", async () => {
  bench.set("ci", [named("code"), named("data", { ...never, triggers: [trigger("build", "every")] })]);
  bench.checker.start();
  await checkNow("data");
  await bench.wait(0);
  expect(bench.begunFor).toEqual([["build: code 1", "build: each data 1"]]);
  bench.findOf("data", "2", "3", "4");
  [bench.vars["code"], bench.vars["data"]] = ["2", "4"];
  await bench.pass();
  await checkNow("data");
  expect(bench.begunFor.slice(1)).toEqual([
    ["build: code 2", "build: each data 2"],
    ["build: code 2", "build: each data 3"],
    ["build: code 2", "build: each data 4"],
  ]);
});

test("jobs that wait for the same news are begun in one run, also where they are news of another resource", async () => {
  const triggers = [trigger("unit"), trigger("lint"), trigger("lint"), trigger("deploy", "every")];
  const data = named("data", { triggers: [trigger("lint"), trigger("tell")], checkEveryMs: 90_000 });
  const follow = { name: "release", needs: ["unit", "tell"], follows: [["unit", "tell"]] };
  const jobs = ["unit", "lint", "deploy", "tell"].map((name) => ({ name, needs: [], follows: [] }));
  bench.set(
    "ci",
    [named("code", { triggers }), data, named("more", { triggers: [trigger("else")] })],
    [...jobs, follow],
  );
  bench.checker.start();
  await bench.wait(0);
  await bench.wait(250);
  expect(bench.begunFor).toEqual([["lint unit: code 1", "lint tell: data 1", "deploy: each code 1"]]);
  expect(bench.runs[0]?.run.targetJobs).toEqual(["unit", "lint", "deploy", "tell", "release"]);
  await bench.wait(250);
  bench.findOf("data", "2");
  bench.take("data", "lint");
  [bench.vars["code"], bench.vars["data"]] = ["2", "2"];
  await bench.pass();
  await bench.wait(30_000);
  // What is no news to a job of the run is for the others only.
  expect(bench.begunFor.slice(2)).toEqual([
    ["unit lint: code 2", "lint: data 2", "deploy: each code 2"],
    ["tell: data 2"],
  ]);
});

test("a job behind others begins for news of its own only once something has passed each of them", async () => {
  const jobs = [
    { name: "unit", needs: [], follows: [] },
    { name: "lint", needs: [], follows: [] },
    { name: "release", needs: ["unit", "lint"], follows: [["unit", "lint"]] },
  ];
  const code = named("code", { triggers: [trigger("unit"), trigger("lint")] });
  bench.set("ci", [code, named("data", { triggers: [trigger("release")] })], jobs);
  bench.checker.start();
  await bench.wait(0);
  await bench.wait(250);
  bench.passing.add("unit code");
  await bench.pass();
  expect(bench.runs.map(({ run }) => run.targetJobs)).toEqual([["unit", "lint", "release"]]);
  bench.passing.add("lint data");
  await bench.pass();
  expect(bench.begunFor.slice(1)).toEqual([["release: data 1"]]);
});

test("what a run takes first begins none: whoever looks which version is next waits until that of the other is on record", async () => {
  bench.set("ci", [resource()]);
  bench.turns.tryTake();
  bench.checker.start();
  await bench.wait(0);
  bench.take("repo", "build");
  bench.turns.release();
  await bench.wait(0);
  expect(bench.runs).toHaveLength(0);
  bench.vars["version"] = "2";
  bench.turns.tryTake();
  await bench.pass();
  expect(bench.runs).toHaveLength(0);
  bench.turns.release();
  await bench.wait(0);
  expect(bench.runs).toHaveLength(1);
});

test("a turn is given back where no run can begin, and the end of the server waits for none", async () => {
  bench.isReady = false;
  bench.set("ci", [resource()]);
  bench.checker.start();
  await bench.wait(0);
  expect(bench.turns.tryTake()).toBeTrue();
  await bench.pass();
  await bench.checker.stop();
  expect([bench.runs, bench.logged]).toEqual([[], ["warn: a resource could not be checked"]]);
});
