// Events that are too old or too many go away in small steps; what can be delivered still does not.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { Retention } from "../../../src/engine/retention.ts";
import { RequestWriter } from "../../../src/engine/request-writer.ts";
import type { Store, Write } from "../../../src/store/store.ts";
import { createLogger } from "../../../src/telemetry/telemetry.ts";
import { PassClock } from "../../fixtures/harness/pass-clock.ts";
import { makeFolder, openStore, removeFolder } from "../../unit/store/store-files.ts";

const dayMs = 24 * 60 * 60 * 1000;
const today = Date.UTC(2026, 10, 21);

let folder: string;
let store: Store;
let clock: PassClock;
let retention: Retention | null = null;
let commits: (readonly Write[])[];

beforeEach(async () => {
  folder = makeFolder();
  store = await openStore(join(folder, "runner.db"));
  clock = new PassClock(today);
  commits = [];
});
afterEach(async () => {
  await retention?.stop();
  retention = null;
  await store.close();
  removeFolder(folder);
});

function begin(maxEvents: number, eventsNeededFrom = (): number => Number.POSITIVE_INFINITY): void {
  const logger = createLogger({ format: "json", level: "error", colour: false, write: () => {}, now: Date.now });
  const counting = {
    ...store,
    commit: async (writes: readonly Write[]) => {
      commits.push(writes);
      await store.commit(writes);
    },
  };
  const parts = {
    store: counting,
    files: {
      artifacts: { removeRun: async () => {} },
      caches: { removeUnused: async () => ({ removed: 0, problem: null }) },
    },
    clock,
    logger,
  };
  const limits = { maxAgeMs: 90 * dayMs, maxRuns: 100_000, maxEvents };
  retention = new Retention({ parts, requests: new RequestWriter(parts), eventsNeededFrom, ...limits });
  retention.start();
}

describe("events", () => {
  const put = (index: number, daysAgo: number): Write => ({
    type: "event.put",
    event: {
      id: `evt_${String(index).padStart(5, "0")}`,
      type: "a.b",
      createdAt: today - daysAgo * dayMs,
      runId: null,
      pipeline: null,
      target: null,
      data: {},
    },
  });
  const deliver = (eventSeq: number, status: "delivered" | "failed" | "pending", daysAgo: number): Write => ({
    type: "delivery.create",
    delivery: {
      id: `dlv_${eventSeq}`,
      destination: "ep_1",
      eventSeq,
      eventId: "",
      eventType: "",
      status,
      attempts: 1,
      earlierAttempts: 0,
      nextAttemptAt: status === "pending" ? today : null,
      createdAt: 1,
      finishedAt: status === "pending" ? null : today - daysAgo * dayMs,
    },
  });
  const keptSeqs = async (): Promise<readonly number[]> => (await store.events.after(0, 2000)).map(({ seq }) => seq);

  test("go by age and beyond the newest so many, but for what can be delivered still", async () => {
    await store.commit(Array.from({ length: 1000 }, (_, index) => put(index, index < 300 ? 100 - index / 300 : 10)));
    await store.commit([
      deliver(5, "delivered", 95),
      deliver(6, "failed", 95),
      deliver(7, "pending", 0),
      deliver(8, "failed", 5),
      deliver(9, "delivered", 5),
      deliver(850, "delivered", 5),
    ]);
    begin(600);
    await clock.runPass();
    expect(await keptSeqs()).toEqual([7, 8, ...Array.from({ length: 600 }, (_, index) => 401 + index)]);
    expect(commits.flat().filter(({ type }) => type === "event.trim").length).toBeGreaterThan(1);
  });

  test("that have still to be looked at for deliveries stay, too many or not", async () => {
    await store.commit(Array.from({ length: 20 }, (_, index) => put(index, 10)));
    let neededFrom = 4;
    begin(5, () => neededFrom);
    await clock.runPass();
    expect((await keptSeqs())[0]).toBe(4);
    neededFrom = 19;
    await clock.runPass();
    expect((await keptSeqs())[0]).toBe(16);
  });

  test("go in small steps with the deliveries of however many endpoints", async () => {
    await store.commit([put(1, 10), put(2, 10)]);
    const each = deliver(1, "delivered", 5);
    if (each.type !== "delivery.create") throw new Error("it is no delivery");
    const many = Array.from({ length: 250 }, (_, index) => ({
      ...each,
      delivery: { ...each.delivery, id: `dlv_${index}` },
    }));
    await store.commit(many);
    begin(1);
    await clock.runPass();
    expect(await keptSeqs()).toEqual([2]);
    expect(commits.flat().filter(({ type }) => type === "delivery.trim_settled")).toHaveLength(3);
  });

  test("that were needed go when they are not any more, an hour later at the latest", async () => {
    await store.commit([put(1, 100), put(2, 10), put(3, 10)]);
    await store.commit([deliver(1, "pending", 0)]);
    begin(100_000);
    await clock.runPass();
    expect(await keptSeqs()).toEqual([1, 2, 3]);
    await store.commit([{ type: "delivery.cancel_pending", destination: "ep_1", at: today }]);
    for (let pass = 0; pass < 60; pass++) await clock.runPass();
    expect(await keptSeqs()).toEqual([2, 3]);
  });
});
