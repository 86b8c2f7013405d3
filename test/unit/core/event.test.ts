import { expect, test } from "bun:test";
import { builtInEventTypes, eventId, isEventType, longestEventType } from "../../../src/core/event.ts";
import { eventToJson } from "../../../src/core/event-json.ts";

const event = {
  seq: 9,
  id: "evt_1",
  type: "migration.phase.completed",
  createdAt: Date.parse("2026-02-02T14:45:30.123Z"),
  runId: null,
  pipeline: null,
  sequence: null,
  target: null,
  data: { phase: "data_transfer" },
};

test("an event leaves in the envelope of id, type, created_at, data and metadata", () => {
  expect(eventToJson(event, { environment: "production" })).toEqual({
    id: "evt_1",
    type: "migration.phase.completed",
    created_at: "2026-02-02T14:45:30.123Z",
    data: { phase: "data_transfer" },
    metadata: { environment: "production" },
  });
});

test("the metadata of an event of a run names the run and the event's place in it, whatever is configured", () => {
  const ofRun = { ...event, runId: "r1", pipeline: "deploy", sequence: 3 };
  expect(eventToJson(ofRun, { run_id: "mine" }).metadata).toEqual({ pipeline: "deploy", run_id: "r1", sequence: 3 });
});

test("ids of events are in order of their time and differ by chance", () => {
  const [a, b] = [eventId(1_759_000_000_123, new Uint8Array(8)), eventId(1_759_000_000_124, new Uint8Array(8))];
  expect(a).toBe("evt_01998c91f67b0000000000000000");
  expect(a < b).toBe(true);
  expect(eventId(1, Uint8Array.from([255, 0, 0, 0, 0, 0, 0, 1]))).toBe("evt_000000000001ff00000000000001");
});

test("every built-in type is a type of an event", () => {
  for (const type of builtInEventTypes) expect([type, isEventType(type)]).toEqual([type, true]);
});

test.each(["deploy", "", ".a", "a.", "a..b", "a.b c", "a.*", "*", "1.a", `a.${"b".repeat(longestEventType)}`])(
  "%p is no type of an event",
  (type) => {
    expect(isEventType(type)).toBe(false);
  },
);
