// The part of the store's contract about what has begun a run and comes again.

import { describe, expect, test } from "bun:test";
import type { Write } from "../../../src/store/store.ts";
import { rejection } from "../../unit/store/store-files.ts";
import { createRun, putBundle, type Subject } from "./subject.ts";

const key = new Uint8Array(32).fill(1);
const other = new Uint8Array(32).fill(2);

function claim(runId: string, at = 100, knownSince = 0, ofKey = key, body: Uint8Array | null = null): Write {
  return { type: "delivery.claim", pipeline: "deploy", key: ofKey, runId, at, body, knownSince };
}

function finish(id: string, status: "failed" | "cancelled" | "timed_out" | "skipped" | "succeeded"): Write {
  return { type: "run.finish", id, status, result: null, error: null, at: 200 };
}

async function createRuns(subject: Subject): Promise<readonly [string, string]> {
  await subject.store.commit([putBundle("bundle-1")]);
  return [(await createRun(subject.store)).id, (await createRun(subject.store)).id];
}

export function testInboundDeliveries(subject: Subject): void {
  describe("deliveries", () => {
    test("a claimed one begins no other run, and nothing of the commit that tries is kept", async () => {
      const { store } = subject;
      const [first, second] = await createRuns(subject);
      await store.commit([claim(first)]);
      const value = { type: "value.set", pipeline: "p", key: "k", value: 1 } as const;
      expect(await rejection(store.commit([value, claim(second, 150)]))).toMatchObject({ code: "DUPLICATE_DELIVERY" });
      expect(await store.values.get("p", "k")).toBeUndefined();
      const known = { runId: first, receivedAt: 100, isUndone: false };
      expect(await store.deliveries.find("deploy", key)).toEqual(known);
      await store.commit([finish(first, "succeeded")]);
      expect(await rejection(store.commit([claim(second, 250)]))).toMatchObject({ code: "DUPLICATE_DELIVERY" });
      expect(await store.deliveries.find("deploy", key)).toEqual(known);
      expect(await store.deliveries.find("deploy", other)).toBeUndefined();
      expect(await store.deliveries.find("other", key)).toBeUndefined();
    });

    test("its own run may claim it once more", async () => {
      const [first] = await createRuns(subject);
      await subject.store.commit([claim(first)]);
      await subject.store.commit([claim(first, 101)]);
      expect(await subject.store.deliveries.find("deploy", key)).toMatchObject({ runId: first, receivedAt: 101 });
    });

    test.each(["failed", "cancelled", "timed_out", "skipped"] as const)(
      "of a run that is %s is free",
      async (status) => {
        const [first, second] = await createRuns(subject);
        await subject.store.commit([claim(first), finish(first, status)]);
        expect(await subject.store.deliveries.find("deploy", key)).toMatchObject({ runId: first, isUndone: true });
        await subject.store.commit([claim(second, 300)]);
        const known = { runId: second, receivedAt: 300, isUndone: false };
        expect(await subject.store.deliveries.find("deploy", key)).toEqual(known);
      },
    );

    test("received before what counts is free", async () => {
      const [first, second] = await createRuns(subject);
      await subject.store.commit([claim(first, 100)]);
      expect(await rejection(subject.store.commit([claim(second, 500, 100)]))).toMatchObject({
        code: "DUPLICATE_DELIVERY",
      });
      await subject.store.commit([claim(second, 500, 101)]);
      expect(await subject.store.deliveries.find("deploy", key)).toMatchObject({ runId: second });
    });

    test("goes with its run unless that has succeeded", async () => {
      const [failed, succeeded] = await createRuns(subject);
      await subject.store.commit([
        claim(failed),
        claim(succeeded, 100, 0, other),
        finish(failed, "failed"),
        finish(succeeded, "succeeded"),
      ]);
      await subject.store.commit([
        { type: "run.remove", id: failed },
        { type: "run.remove", id: succeeded },
      ]);
      expect(await subject.store.deliveries.find("deploy", key)).toBeUndefined();
      const kept = { runId: succeeded, receivedAt: 100, isUndone: false };
      expect(await subject.store.deliveries.find("deploy", other)).toEqual(kept);
    });

    test("is taken over by a run that repeats its run, all of it", async () => {
      const [first, second] = await createRuns(subject);
      await subject.store.commit([
        claim(first),
        claim(first, 100, 0, other),
        { type: "delivery.take_over", from: first, to: second },
      ]);
      expect(await subject.store.deliveries.find("deploy", key)).toMatchObject({ runId: second });
      expect(await subject.store.deliveries.find("deploy", other)).toMatchObject({ runId: second });
    });

    test("is found by its body, the newest of them, in its pipeline and its time", async () => {
      const { store } = subject;
      const [first, second] = await createRuns(subject);
      const [body, unknown] = [new Uint8Array(16).fill(7), new Uint8Array(16).fill(8)];
      await store.commit([claim(first, 100, 0, key, body), claim(second, 200, 0, other, body)]);
      expect(await store.deliveries.findBody("deploy", body, 100)).toBe(second);
      expect(await store.deliveries.findBody("deploy", body, 201)).toBeUndefined();
      expect(await store.deliveries.findBody("other", body, 0)).toBeUndefined();
      expect(await store.deliveries.findBody("deploy", unknown, 0)).toBeUndefined();
    });

    test("is removed when it is old", async () => {
      const [first, second] = await createRuns(subject);
      await subject.store.commit([claim(first, 100), claim(second, 200, 0, other)]);
      expect(await subject.store.deliveries.hasBefore(100)).toBe(false);
      expect(await subject.store.deliveries.hasBefore(101)).toBe(true);
      await subject.store.commit([{ type: "delivery.trim_old", before: 101 }]);
      expect(await subject.store.deliveries.find("deploy", key)).toBeUndefined();
      expect(await subject.store.deliveries.find("deploy", other)).toBeDefined();
      expect(await subject.store.deliveries.hasBefore(101)).toBe(false);
    });
  });
}
