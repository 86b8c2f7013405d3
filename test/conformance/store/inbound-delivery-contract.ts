// The part of the store's contract about what has begun a run and comes again.

import { describe, expect, test } from "bun:test";
import type { Write } from "../../../src/store/store.ts";
import { makeAccepted, makeRecord } from "../../fixtures/records/make-record.ts";
import { rejection } from "../../unit/store/store-files.ts";
import { createRun, newRun, putBundle, type Subject } from "./subject.ts";

const key = new Uint8Array(32).fill(1);
const other = new Uint8Array(32).fill(2);
const repetition = { code: "DUPLICATE_DELIVERY" };

type Claim = Extract<Write, { readonly type: "delivery.claim" }>;

function claim(runId: string, changes: Partial<Claim> = {}): Claim {
  const unlessSaid = { at: 100, knownSince: 0, key, body: null, insteadOf: null };
  return { type: "delivery.claim", pipeline: "deploy", runId, ...unlessSaid, ...changes };
}

function finish(id: string, status: "failed" | "cancelled" | "timed_out" | "skipped" | "succeeded"): Write {
  return { type: "run.finish", id, status, result: null, error: null, at: 200 };
}

async function createRuns(subject: Subject): Promise<readonly [string, string]> {
  await subject.store.commit([putBundle("bundle-1")]);
  return [(await createRun(subject.store)).id, (await createRun(subject.store)).id];
}

function testClaims(subject: Subject): void {
  test("a claimed one begins no other run, and nothing of the commit that tries is kept", async () => {
    const { store } = subject;
    const [first, second] = await createRuns(subject);
    await store.commit([claim(first)]);
    const value = { type: "value.set", pipeline: "p", key: "k", value: 1 } as const;
    expect(await rejection(store.commit([value, claim(second, { at: 150 })]))).toMatchObject(repetition);
    expect(await store.values.get("p", "k")).toBeUndefined();
    const known = { runId: first, receivedAt: 100, seed: first, isUndone: false };
    expect(await store.deliveries.find("deploy", key)).toEqual(known);
    await store.commit([finish(first, "succeeded")]);
    expect(await rejection(store.commit([claim(second, { at: 250 })]))).toMatchObject(repetition);
    expect(await store.deliveries.find("deploy", key)).toEqual(known);
    expect(await store.deliveries.find("deploy", other)).toBeUndefined();
    expect(await store.deliveries.find("other", key)).toBeUndefined();
  });

  test("a run that is not there claims nothing", async () => {
    await createRuns(subject);
    expect(await rejection(subject.store.commit([claim("nope")]))).toMatchObject(repetition);
    expect(await subject.store.deliveries.find("deploy", key)).toBeUndefined();
  });

  test("its own run may claim it once more", async () => {
    const [first] = await createRuns(subject);
    await subject.store.commit([claim(first)]);
    await subject.store.commit([claim(first, { at: 101 })]);
    expect(await subject.store.deliveries.find("deploy", key)).toMatchObject({ runId: first, receivedAt: 101 });
  });

  test.each(["failed", "cancelled", "timed_out", "skipped"] as const)("that its run %s is told", async (status) => {
    const [first] = await createRuns(subject);
    await subject.store.commit([claim(first), finish(first, status)]);
    expect(await subject.store.deliveries.find("deploy", key)).toMatchObject({ runId: first, isUndone: true });
  });

  test("who knows which run it began may claim it instead of that, once", async () => {
    const [first, second] = await createRuns(subject);
    const third = await createRun(subject.store, { seed: first });
    await subject.store.commit([claim(first)]);
    expect(await rejection(subject.store.commit([claim(second, { insteadOf: third.id })]))).toMatchObject(repetition);
    await subject.store.commit([claim(third.id, { at: 300, insteadOf: first })]);
    const known = { runId: third.id, receivedAt: 300, seed: first, isUndone: false };
    expect(await subject.store.deliveries.find("deploy", key)).toEqual(known);
    expect(await rejection(subject.store.commit([claim(second, { insteadOf: first })]))).toMatchObject(repetition);
  });

  test("received before what counts is free", async () => {
    const [first, second] = await createRuns(subject);
    await subject.store.commit([claim(first)]);
    const early = claim(second, { at: 500, knownSince: 100 });
    expect(await rejection(subject.store.commit([early]))).toMatchObject(repetition);
    await subject.store.commit([claim(second, { at: 500, knownSince: 101 })]);
    expect(await subject.store.deliveries.find("deploy", key)).toMatchObject({ runId: second });
  });
}

function testUpkeep(subject: Subject): void {
  test("goes with its run unless that has succeeded", async () => {
    const [failed, succeeded] = await createRuns(subject);
    const runs = [finish(failed, "failed"), finish(succeeded, "succeeded")];
    await subject.store.commit([claim(failed), claim(succeeded, { key: other }), ...runs]);
    await subject.store.commit([failed, succeeded].map((id) => ({ type: "run.remove", id }) as const));
    expect(await subject.store.deliveries.find("deploy", key)).toBeUndefined();
    const kept = { runId: succeeded, receivedAt: 100, seed: succeeded, isUndone: false };
    expect(await subject.store.deliveries.find("deploy", other)).toEqual(kept);
  });

  test.each([
    ["failed", true],
    ["succeeded", false],
  ] as const)("of a run that %s is taken over by one that repeats it: %p", async (status, isTakenOver) => {
    const [first, second] = await createRuns(subject);
    await subject.store.commit([claim(first), claim(first, { key: other }), finish(first, status)]);
    await subject.store.commit([{ type: "delivery.take_over", from: first, to: second }]);
    for (const each of [key, other]) {
      expect(await subject.store.deliveries.find("deploy", each)).toMatchObject({
        runId: isTakenOver ? second : first,
      });
    }
  });

  test("is removed when it is old, a few at a time, those of the oldest runs first", async () => {
    const { store } = subject;
    const runs = Array.from({ length: 150 }, (_, index) => `run-${String(index).padStart(3, "0")}`);
    const keyOf = (index: number): Uint8Array => new Uint8Array(32).fill(index);
    await store.commit([
      putBundle("bundle-1"),
      ...runs.map((id) => ({ type: "run.create", run: newRun({ id }) }) as const),
    ]);
    await store.commit(runs.map((id, index) => claim(id, { key: keyOf(index), at: index === 149 ? 200 : 100 })));
    expect([await store.deliveries.hasBefore(100), await store.deliveries.hasBefore(101)]).toEqual([false, true]);
    await store.commit([{ type: "delivery.trim_old", before: 101 }]);
    expect(await store.deliveries.find("deploy", keyOf(99))).toBeUndefined();
    expect(await store.deliveries.find("deploy", keyOf(100))).toBeDefined();
    await store.commit([{ type: "delivery.trim_old", before: 101 }]);
    expect(await store.deliveries.hasBefore(101)).toBe(false);
    expect(await store.deliveries.find("deploy", keyOf(149))).toBeDefined();
  });
}

function testBodies(subject: Subject): void {
  test("a record tells the newest run of the same body, in its pipeline and its time", async () => {
    const { store } = subject;
    const [first, second] = await createRuns(subject);
    const body = new Uint8Array(16).fill(7);
    await store.commit([claim(first, { body }), claim(second, { key: other, body, at: 200 })]);
    const put = async (id: string, since: number, of = body, pipeline = "deploy"): Promise<unknown> => {
      const record = makeAccepted(id, "run", { pipeline });
      await store.commit([{ type: "inbound.put", record, sameBody: { body: of, since } }]);
      return (await store.inbound.find(id))?.sameBodyAs;
    };
    expect(await put("a", 100)).toBe(second);
    expect(await put("b", 201)).toBeNull();
    expect(await put("c", 0, body, "other")).toBeNull();
    expect(await put("d", 0, new Uint8Array(16).fill(8))).toBeNull();
    await store.commit([{ type: "inbound.put", record: makeRecord("e") }]);
    expect((await store.inbound.find("e"))?.sameBodyAs).toBeNull();
  });

  test("a claim of its own without a body leaves what is known of that", async () => {
    const { store } = subject;
    const [first] = await createRuns(subject);
    const body = new Uint8Array(16).fill(7);
    await store.commit([claim(first, { body })]);
    await store.commit([claim(first)]);
    await store.commit([{ type: "inbound.put", record: makeAccepted("a", "run"), sameBody: { body, since: 0 } }]);
    expect((await store.inbound.find("a"))?.sameBodyAs).toBe(first);
  });
}

export function testInboundDeliveries(subject: Subject): void {
  describe("deliveries", () => {
    testClaims(subject);
    testUpkeep(subject);
    testBodies(subject);
  });
}
