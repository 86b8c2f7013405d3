// Jobs that wait for several resources begin once all of them were looked at for the first time.

import { beforeEach, expect, test } from "bun:test";
import { CheckerBench, resource, trigger } from "./checker-bench.ts";

let bench: CheckerBench;
beforeEach(() => {
  bench = new CheckerBench();
});

/** A resource whose check lasts until the test ends it. */
function slow(name: string): ReturnType<typeof resource> {
  return resource({ name, source: { log: "text", force_version: "((version))" } });
}

async function endLooks(): Promise<void> {
  bench.stepEnds.splice(0).forEach((end) => end());
  await bench.wait(0);
}

/** The first is looked at, the second not yet. */
async function lookAtFirst(second: ReturnType<typeof resource>, changes = {}): Promise<void> {
  bench.set("ci", [resource({ name: "first", ...changes }), second]);
  bench.checker.start();
  void bench.checker.checkNow("ci", ["first"]);
  await bench.wait(0);
}

test("one run begins for all of them, whichever is looked at last", async () => {
  await lookAtFirst(slow("second"));
  await bench.wait(250);
  await bench.pass();
  expect([bench.looks.length, bench.runs.length]).toEqual([1, 0]);
  await endLooks();
  expect(bench.begunFor).toEqual([["build: first 1", "build: second 1"]]);
  await bench.pass();
  await endLooks();
  expect(bench.runs).toHaveLength(1);
});

test("looks that end at one time begin one run too", async () => {
  bench.set("ci", [slow("first"), slow("second")]);
  bench.checker.start();
  await bench.wait(250);
  await bench.wait(0);
  expect(bench.looks).toHaveLength(2);
  await endLooks();
  expect(bench.begunFor).toEqual([["build: first 1", "build: second 1"]]);
});

test("the failure of a first look holds back nothing any longer", async () => {
  await lookAtFirst(resource({ name: "second", source: { check_failure: "no route" } }));
  expect(bench.runs).toHaveLength(0);
  await bench.wait(250);
  expect(bench.begunFor).toEqual([["build: first 1"]]);
  bench.vars["version"] = "2";
  await bench.pass();
  expect(bench.begunFor).toHaveLength(2);
});

test("what is looked at only when that is asked for holds back nothing, unless it is asked for", async () => {
  await lookAtFirst(slow("second"));
  expect(bench.runs).toHaveLength(0);
  bench.set("ci", [resource({ name: "first" }), { ...slow("second"), checkEveryMs: null }]);
  await bench.wait(0);
  expect(bench.runs).toHaveLength(1);
  const never = { checkEveryMs: null };
  bench.set("two", [resource({ name: "first", ...never }), { ...slow("second"), ...never }]);
  const checked = bench.checker.checkNow("two", ["first", "second"]);
  await bench.wait(0);
  expect(bench.runs).toHaveLength(1);
  await endLooks();
  await checked;
  expect(bench.begunFor.slice(1)).toEqual([["build: first 1", "build: second 1"]]);
});

test("other jobs, and other pipelines, are not waited for", async () => {
  bench.set("other", [{ ...slow("repo"), checkEveryMs: 5 }]);
  await lookAtFirst({ ...slow("second"), triggers: [trigger("deploy")] });
  expect(bench.begunFor).toEqual([["build: first 1"]]);
});

test("what waits begins when the other resource is none of the pipeline's any more", async () => {
  await lookAtFirst(slow("second"), { checkEveryMs: null });
  await bench.wait(250);
  bench.set("ci", [resource({ name: "first", checkEveryMs: null })]);
  await bench.wait(0);
  expect(bench.begunFor).toEqual([["build: first 1"]]);
});

test("a pipeline that was paused before its first look begins one run soon after that", async () => {
  bench.paused.add("ci");
  await lookAtFirst(resource({ name: "second", checkEveryMs: 3_600_000 }));
  await bench.wait(250);
  bench.paused.clear();
  await bench.wait(59_750);
  expect([bench.checker.stateOf("ci", "first")?.lastCheck?.error, bench.runs]).toEqual([null, []]);
  await bench.wait(250);
  expect(bench.begunFor).toEqual([["build: first 1", "build: second 1"]]);
});

test("a pause, or a refusal, that overtakes what waits leaves it to the next look", async () => {
  const second = { ...slow("second"), checkEveryMs: 1000, source: { log: "text", no_initial_version: true } };
  await lookAtFirst(second, { checkEveryMs: null });
  await bench.wait(250);
  bench.isReady = false;
  bench.paused.add("ci");
  await endLooks();
  bench.paused.clear();
  await bench.wait(1000);
  await endLooks();
  expect(bench.logged).toEqual(["warn: a resource could not be checked"]);
  bench.isReady = true;
  await bench.wait(1000);
  await endLooks();
  expect(bench.begunFor).toEqual([["build: first 1"]]);
});
