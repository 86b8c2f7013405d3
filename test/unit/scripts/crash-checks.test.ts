// What the crash tests look for is found where it is: a check that sees nothing would pass on any server.

import { describe, expect, test } from "bun:test";
import type { EventJson } from "../../../src/core/event-json.ts";
import type { RunJson } from "../../../src/core/run-json.ts";
import { createDraw } from "../../fixtures/crash/draw.ts";
import { Outsider } from "../../fixtures/crash/outsider.ts";
import { findContradictions, findEventContradictions, findUnheardNews } from "../../fixtures/crash/run-story.ts";

const tickBase = Date.parse("2026-01-01T00:00:00Z");

function run(changes: Partial<RunJson> = {}): RunJson {
  return {
    id: crypto.randomUUID(),
    pipeline: "p0",
    trigger: "webhook",
    status: "succeeded",
    created_at: "2026-01-01T00:00:00.000Z",
    started_at: null,
    finished_at: null,
    result: null,
    rerun_of: null,
    triggered_by: "webhook",
    parent: null,
    after: null,
    scheduled_at: null,
    wake_at: null,
    error: null,
    steps: [],
    jobs: [],
    artifacts: [],
    ...changes,
  };
}

const tick = (seconds: number): RunJson =>
  run({
    pipeline: "ticks",
    trigger: "schedule",
    result: "ticked",
    scheduled_at: new Date(tickBase + seconds * 1000).toISOString(),
  });

const step = (changes: Partial<RunJson["steps"][number]>): RunJson["steps"][number] => ({
  id: "r.1",
  name: "POST http://box/post",
  kind: "fetch",
  status: "succeeded",
  code: 200,
  attempts: 1,
  started_at: null,
  finished_at: null,
  message: null,
  until: null,
  run_id: null,
  job: null,
  ...changes,
});

const problemsOf = (...runs: readonly RunJson[]): readonly string[] => new Outsider(createDraw(1)).findProblems(runs);

describe("runs beside the random ones", () => {
  test("are well where each tick has one run", () => {
    expect(problemsOf(tick(0), tick(2), tick(4))).toEqual([]);
  });

  test("are not where a tick has two runs, or none", () => {
    expect(problemsOf(tick(0), tick(2), tick(2))).toHaveLength(1);
    expect(problemsOf(tick(0), tick(4))).toHaveLength(1);
  });

  test("are well where each delivery has one run and the first of an order was told so", () => {
    const once = (delivery: number, isSeen: boolean): RunJson =>
      run({ pipeline: "once", result: { delivery, order: Math.floor(delivery / 2), isSeen } });
    expect(problemsOf(once(0, true), once(1, false), once(2, false))).toEqual([]);
    expect(problemsOf(once(0, false), once(0, true))).toHaveLength(1);
    expect(problemsOf(once(0, false), once(1, false))).toHaveLength(1);
    expect(problemsOf(once(0, true), once(1, true))).toHaveLength(1);
  });

  test("are not where one was replaced by none, by itself, or was not told", () => {
    const replaced = (message: string): RunJson =>
      run({
        pipeline: "latest",
        status: "cancelled",
        error: { code: "RUN_REPLACED", message, hint: null, file: null, line: null },
      });
    expect(problemsOf(replaced("run 01a223ae-689f-75bd-b635-278b4b036cdf came"))).toHaveLength(1);
    expect(problemsOf(run({ pipeline: "latest", status: "failed" }))).toHaveLength(1);
  });

  test("are not where a child is one that its parent's step does not know, or one of two", () => {
    const parent = run({ steps: [step({ kind: "pipeline", run_id: "other" })] });
    const child = (): RunJson =>
      run({ pipeline: "child", result: "done\n", parent: { run_id: parent.id, step_id: "r.1" } });
    expect(problemsOf(parent, child())).toHaveLength(1);
    const known = child();
    const twice = { ...parent, steps: [step({ kind: "pipeline", run_id: known.id })] };
    expect(problemsOf(twice, known)).toEqual([]);
    expect(problemsOf(twice, known, child())).toHaveLength(2);
  });
});

describe("a random run", () => {
  test("contradicts itself where news that was taken did not reach its script", () => {
    const heard = run({ result: { observed: { "3": "news n1" } } });
    expect(findUnheardNews(heard, new Map([["3", "n1"]]))).toEqual([]);
    expect(findUnheardNews(heard, new Map([["3", "n2"]]))).toHaveLength(1);
    expect(findUnheardNews(heard, new Map([["4", "n1"]]))).toHaveLength(1);
  });

  test("contradicts itself where a POST was made twice, or nobody disturbed it and it was interrupted", () => {
    expect(findContradictions(run({ steps: [step({})] }), [], [], true)).toEqual([]);
    expect(findContradictions(run({ steps: [step({ attempts: 2 })] }), [], [], true)).toHaveLength(1);
    const interrupted = step({ status: "failed", message: "it was interrupted by the end of the server" });
    const told = { observed: { "1": "failed INTERRUPTED" } };
    expect(findContradictions(run({ steps: [interrupted], result: told }), [], [], true)).toEqual([]);
    expect(findContradictions(run({ steps: [interrupted], result: told }), [], [], false)).toHaveLength(1);
    expect(findContradictions(run({ steps: [interrupted] }), [], [], true)).toHaveLength(1);
  });

  test("contradicts itself where a change was told twice or never, or an event that its script was told of is not there", () => {
    const event = (sequence: number, type: string, id = `evt_${sequence}`): EventJson => {
      return { id, type, created_at: "2026-01-01T00:00:00.000Z", data: {}, metadata: { sequence } };
    };
    const told = run({ result: { observed: { "1": "event evt_x" } } });
    const all = [event(1, "run.created"), event(2, "crash.emitted", "evt_x"), event(3, "run.completed")];
    expect(findEventContradictions(told, all)).toEqual([]);
    expect(findEventContradictions(told, all.with(1, event(2, "crash.emitted")))).toHaveLength(1);
    expect(findEventContradictions(told, all.with(1, event(3, "crash.emitted", "evt_x")))).toHaveLength(1);
    expect(findEventContradictions(told, [...all, event(4, "run.failed")])).toHaveLength(1);
    expect(findEventContradictions(told, [...all, event(4, "run.created")])).toHaveLength(1);
    expect(findEventContradictions(run(), [event(1, "run.created")])).toHaveLength(1);
  });

  test("contradicts itself where a value had its effect and ended as another", () => {
    const marks = [{ runId: "r", statement: "2", what: "observed", value: "a" }];
    expect(findContradictions(run({ result: { observed: { "2": "a" } } }), [], marks, true)).toEqual([]);
    expect(findContradictions(run({ result: { observed: { "2": "b" } } }), [], marks, true)).toHaveLength(1);
  });
});
