// Which targets a pipeline's rules tell of which events.

import { expect, test } from "bun:test";
import type { EventRecord } from "../../../../src/core/event.ts";
import type { NotifyConfig } from "../../../../src/core/pipeline-config.ts";
import { NotifyRules } from "../../../../src/engine/outbound/notify-rules.ts";

let seq = 0;

function event(type: string, status = "failed", pipeline: string | null = "deploy"): EventRecord {
  seq++;
  const known = { seq, id: `evt_${seq}`, createdAt: 0, runId: "r", sequence: 1, target: null };
  return { ...known, type, pipeline, data: { status } };
}

function rulesOf(...notify: readonly NotifyConfig[]): NotifyRules {
  const version = { config: { webhook: false, params: {}, notify } };
  return new NotifyRules({ get: (id) => (id === "deploy" ? ({ version } as never) : undefined) });
}

const ops = (...on: NotifyConfig["on"]): NotifyConfig => ({ on, to: ["ops"] });

test.each([
  ["succeeded", "run.completed", "succeeded"],
  ["failed", "run.failed", "failed"],
  ["failed", "run.failed", "timed_out"],
  ["timed_out", "run.failed", "timed_out"],
  ["cancelled", "run.cancelled", "cancelled"],
  ["skipped", "run.skipped", "skipped"],
  ["approval", "approval.required", "waiting"],
] as const)("%s is told of %s (%s)", (reason, type, status) => {
  expect(rulesOf(ops(reason)).targetsOf(event(type, status))).toEqual(["ops"]);
});

test("nobody is told of what no rule names, of other pipelines, or of what is of none", () => {
  const rules = rulesOf(ops("timed_out", "recovered"));
  for (const type of ["run.failed", "run.cancelled", "run.started", "run.step.failed", "error.recovered"]) {
    expect(rules.targetsOf(event(type))).toEqual([]);
  }
  const all = rulesOf(ops("failed"));
  expect(all.targetsOf(event("run.failed", "failed", "other"))).toEqual([]);
  expect(all.targetsOf(event("run.failed", "failed", null))).toEqual([]);
});

test("several rules tell each of their targets once", () => {
  const rules = rulesOf({ on: ["failed"], to: ["ops", "me"] }, { on: ["failed", "timed_out"], to: ["me", "boss"] });
  expect(rules.targetsOf(event("run.failed", "timed_out"))).toEqual(["ops", "me", "boss"]);
});

test("recovered is the first success after a failure, whatever was cancelled or skipped in between", () => {
  const rules = rulesOf(ops("recovered"));
  const told = (type: string): boolean => rules.targetsOf(event(type)).length > 0;
  expect(told("run.completed")).toBe(false);
  expect(told("run.failed")).toBe(false);
  expect(told("run.cancelled")).toBe(false);
  expect(told("run.skipped")).toBe(false);
  expect(told("run.completed")).toBe(true);
  expect(told("run.completed")).toBe(false);
});

test("an event that is asked about again has the same answer", () => {
  const rules = rulesOf(ops("recovered"));
  rules.targetsOf(event("run.failed"));
  const success = event("run.completed");
  expect([rules.targetsOf(success), rules.targetsOf(success)]).toEqual([["ops"], ["ops"]]);
  expect(rules.isRecovery(success)).toBe(true);
});

test("what is known of an earlier life counts", () => {
  const rules = rulesOf(ops("recovered"));
  rules.prime("deploy", seq, "failed");
  expect(rules.targetsOf(event("run.completed"))).toEqual(["ops"]);
});
