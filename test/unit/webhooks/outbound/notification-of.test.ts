// Events in words for a person.

import { expect, test } from "bun:test";
import type { EventData, EventRecord } from "../../../../src/core/event.ts";
import { notificationOf } from "../../../../src/webhooks/webhooks.ts";

function event(type: string, data: EventData = {}, pipeline: string | null = "deploy"): EventRecord {
  const runId = pipeline === null ? null : "r-1";
  return { seq: 1, id: "evt_1", type, createdAt: 0, runId, pipeline, sequence: 1, target: null, data };
}

test.each([
  [
    "run.completed",
    { status: "succeeded", duration_ms: 61_000 },
    "success",
    "deploy succeeded",
    "after 1 min 1 s\nrun r-1",
  ],
  ["run.failed", { status: "failed", error: { message: "exit 1" } }, "error", "deploy failed", "exit 1\nrun r-1"],
  ["run.failed", { status: "timed_out" }, "error", "deploy was over its time", "run r-1"],
  ["run.cancelled", {}, "warning", "deploy was cancelled", "run r-1"],
  ["run.skipped", {}, "info", "deploy was skipped", "run r-1"],
  [
    "approval.required",
    { name: "prod", message: "ship it?" },
    "warning",
    "deploy waits for the approval prod",
    "ship it?\nrun r-1",
  ],
  ["migration.done", {}, "info", "deploy migration.done", "run r-1"],
  ["migration.phase.failed", {}, "error", "deploy migration.phase.failed", "run r-1"],
] as const)("%s %j", (type, data, level, title, message) => {
  expect(notificationOf(event(type, data))).toEqual({ level, title, message });
});

test("a success after a failure says so", () => {
  expect(notificationOf(event("run.completed"), true).title).toBe("deploy succeeded again");
});

test("what a script has written is what is sent", () => {
  const data = { title: "t", message: "m", level: "warning", link: "http://x/" };
  expect(notificationOf(event("notification.requested", data))).toEqual({ title: "t", message: "m", level: "warning" });
});

test("an event of no pipeline is its own title", () => {
  const { title, message } = notificationOf(event("endpoint.disabled", {}, null));
  expect([title, message]).toEqual(["endpoint.disabled", "endpoint.disabled"]);
});
