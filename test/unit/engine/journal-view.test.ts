// What a live run knows of its own journal.

import { describe, expect, test } from "bun:test";
import { JournalView } from "../../../src/engine/journal-view.ts";
import type { GuestCall } from "../../../src/sandbox/sandbox.ts";
import type { Journal, JournalCall } from "../../../src/store/store.ts";

function call(number: number, change: Partial<GuestCall> = {}): GuestCall {
  return { number, kind: "step", name: "build", args: null, argsHash: "h", stack: "", ...change };
}

describe("JournalView", () => {
  test("counts the calls without a result by their kind", () => {
    const view = new JournalView();
    view.add(call(1), false);
    view.add(call(2), false);
    view.add(call(3, { kind: "timer" }), false);
    view.add(call(4, { kind: "respond" }), true);
    expect([view.size, view.countOpen("step"), view.countOpen("timer"), view.countOpen("respond")]).toEqual([
      4, 2, 1, 0,
    ]);
    view.complete(1);
    expect([view.countOpen("step"), view.open]).toEqual([1, 2]);
    view.complete(2);
    view.complete(3);
    expect(view.open).toBe(0);
  });

  test("a result counts once, and that of a call never made or answered at once does not count", () => {
    const view = new JournalView();
    view.add(call(1), false);
    view.add(call(2), false);
    view.add(call(3), true);
    for (const number of [1, 1, 3, 99]) view.complete(number);
    expect(view.countOpen("step")).toBe(1);
  });

  test("numbers deliveries and observations each from 1", () => {
    const view = new JournalView();
    expect([view.nextDelivery(), view.nextDelivery()]).toEqual([1, 2]);
    const observed = { clockReads: 1, clockChanges: [], random: [] };
    expect(view.observe("r", observed, 2)).toEqual({
      type: "journal.observe",
      runId: "r",
      observations: { ordinal: 1, values: observed, afterSeq: 2 },
    });
    expect(view.nextDelivery()).toBe(3);
  });
});

describe("difference()", () => {
  const view = new JournalView();
  view.add(call(1), false);

  test("is null for the same call, wherever it is made from, and for one that is new", () => {
    expect(view.difference(call(1, { stack: "elsewhere" }))).toBeNull();
    expect(view.difference(call(2, { name: "other" }))).toBeNull();
  });

  test.each([
    [{ name: 'pu"sh' }, 'host call 1 was step "build" the first time and is step "pu\\"sh" now'],
    [{ kind: "clear_timer" as const }, 'host call 1 was step "build" the first time and is cleared timer "build" now'],
    [{ argsHash: "i" }, 'host call 1, step "build", has other arguments than the first time'],
  ])("of %j names both", (change, sentence) => {
    expect(view.difference(call(1, change))).toBe(sentence);
  });
});

describe("recordedOutcome()", () => {
  const journal = (calls: readonly Partial<JournalCall>[]): Journal => ({
    calls: calls as readonly JournalCall[],
    deliveries: [],
    observations: [],
    consoleLines: 0,
  });

  test("is that of the latest replay, also where it is undefined or an error", () => {
    const view = new JournalView();
    const error = { code: "X", message: "x" };
    expect(view.recordedOutcome(1)).toBeUndefined();
    view.beginReplay(
      journal([
        { number: 1, outcome: { ok: true, value: undefined } },
        { number: 2, outcome: { ok: false, error } },
        { number: 3 },
      ]),
    );
    expect(view.recordedOutcome(1)).toEqual({ ok: true, value: undefined });
    expect(view.recordedOutcome(2)).toEqual({ ok: false, error });
    expect(view.recordedOutcome(3)).toBeUndefined();
    view.beginReplay(journal([]));
    expect(view.recordedOutcome(1)).toBeUndefined();
  });
});
