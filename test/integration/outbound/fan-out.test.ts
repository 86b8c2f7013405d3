// Which events become deliveries, of whom, and that each does once.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { eventId } from "../../../src/core/event.ts";
import type { Store } from "../../../src/store/store.ts";
import type { EndpointFields } from "../../../src/webhooks/webhooks.ts";
import { until } from "../../fixtures/harness/engine-harness.ts";
import { OutboundHarness } from "../../fixtures/harness/outbound-harness.ts";
import { type BadReceiver, openBadReceiver } from "../../fixtures/receivers/bad-receiver.ts";

let harness: OutboundHarness;
let receiver: BadReceiver;
/** Of one transaction. */
let mostCreated = 0;
/** Deliveries are on record when this is over. */
let beforeCreates: Promise<void> | null = null;

function countCreated(store: Store): Store {
  return {
    ...store,
    commit: async (writes) => {
      mostCreated = Math.max(mostCreated, writes.filter(({ type }) => type === "delivery.create").length);
      if (writes.some(({ type }) => type === "delivery.create")) await beforeCreates;
      await store.commit(writes);
    },
  };
}

beforeEach(async () => {
  receiver = await openBadReceiver({ statuses: [200] });
  beforeCreates = null;
  harness = await OutboundHarness.open({ metadata: { environment: "attic" }, wrapStore: countCreated });
});

afterEach(async () => {
  await harness.close();
  await receiver.close();
});

/** What an endpoint was sent of the events with numbers as their data, once the last of them has come. */
async function numbersOf(endpoint: string): Promise<readonly number[]> {
  await until(async () => (await harness.deliveries(endpoint)).some(({ eventType }) => eventType === "last.one"));
  const events = await Promise.all(
    (await harness.deliveries(endpoint)).map(async ({ eventId: id }) => await harness.store.events.find(id)),
  );
  return events.flatMap((event) => (typeof event?.data["number"] === "number" ? [event.data["number"]] : []));
}

async function endpointFor(changes: Partial<EndpointFields>): Promise<string> {
  return await harness.endpoint(receiver.url, { ...changes, events: [...(changes.events ?? ["*"]), "last.one"] });
}

test("an endpoint is sent the events of its patterns", async () => {
  const exact = await endpointFor({ events: ["migration.phase.completed"] });
  const below = await endpointFor({ events: ["migration.*", "error.escalated"] });
  const all = await endpointFor({ events: ["*"] });
  const types = ["migration.created", "migration.phase.completed", "error.escalated", "error.occurred", "migrations.x"];
  await harness.emit(...types.map((type, number) => ({ type, data: { number } })), { type: "last.one" });
  expect(await numbersOf(exact)).toEqual([1]);
  expect(await numbersOf(below)).toEqual([0, 1, 2]);
  expect(await numbersOf(all)).toEqual([0, 1, 2, 3, 4]);
});

test("an endpoint with pipelines is sent only events of theirs", async () => {
  const endpoint = await endpointFor({ pipelines: ["deploy", "home/backup"] });
  await harness.emit(
    { pipeline: "deploy", data: { number: 1 } },
    { pipeline: "other", data: { number: 2 } },
    { data: { number: 3 } },
    { pipeline: "home/backup", data: { number: 4 } },
    { type: "last.one", pipeline: "deploy" },
  );
  expect(await numbersOf(endpoint)).toEqual([1, 4]);
});

describe("a condition", () => {
  test("is asked of the envelope", async () => {
    const when = 'type == "last.one" || (data.number > 1 && metadata.environment == "attic" && id startsWith "evt_")';
    const endpoint = await endpointFor({ when });
    await harness.emit({ data: { number: 1 } }, { data: { number: 2 } }, { data: {} }, { type: "last.one" });
    expect(await numbersOf(endpoint)).toEqual([2]);
  });

  test("that cannot be evaluated does not hold, and is told of once in a while", async () => {
    const endpoint = await endpointFor({ when: 'type == "last.one" || data.number > "x"' });
    await harness.emit({ data: { number: 1 } }, { data: { number: 2 } }, { type: "last.one" });
    expect(await numbersOf(endpoint)).toEqual([]);
    const [line, ...more] = harness.logs("`when` could not be evaluated");
    expect(line).toContain(endpoint);
    expect(more).toEqual([]);
  });
});

test("what happened before an endpoint was made is not sent to it", async () => {
  await harness.emit({ data: { number: 1 } });
  const first = await endpointFor({});
  await harness.emit({ data: { number: 2 } });
  const second = await endpointFor({});
  await harness.emit({ data: { number: 3 } }, { type: "last.one" });
  expect(await numbersOf(first)).toEqual([2, 3]);
  expect(await numbersOf(second)).toEqual([3]);
});

test("an event that is addressed to one endpoint goes to no other", async () => {
  const [one, other] = [await endpointFor({}), await endpointFor({})];
  const { delivery } = await harness.desk.send(one, { type: "migration.completed", data: { number: 7 } });
  expect(delivery.status).toBe("delivered");
  await harness.emit({ type: "last.one" });
  expect(await numbersOf(one)).toEqual([7]);
  expect(await numbersOf(other)).toEqual([]);
});

test("where there is no endpoint nothing is read, and no place is recorded", async () => {
  await harness.emit({ data: { number: 1 } });
  await Bun.sleep(50);
  expect(await harness.store.outbound.fannedOutTo()).toBe(0);
});

test("events are needed until they were looked at, where there is anybody to tell", async () => {
  await harness.emit({}, {});
  expect(harness.eventsNeededFrom).toBe(Number.POSITIVE_INFINITY);
  const endpoint = await endpointFor({});
  expect(harness.eventsNeededFrom).toBe(3);
  await harness.emit({}, { type: "last.one" });
  await numbersOf(endpoint);
  await until(() => harness.eventsNeededFrom === 5);
  await harness.registry.change(endpoint, (fields) => ({ ...fields, enabled: false }));
  expect(harness.eventsNeededFrom).toBe(Number.POSITIVE_INFINITY);
});

test("of 20,000 events that happened while nothing was sent each becomes one delivery, piece by piece", async () => {
  const endpoint = await endpointFor({ events: ["test.*"], enabled: true });
  // It is not the attempts that are looked at.
  const dead = await openBadReceiver("refuses");
  await harness.registry.change(endpoint, (fields) => ({ ...fields, url: dead.url }));
  const count = 20_000;
  const createdAt = harness.clock.now();
  for (let from = 0; from < count; from += 1000) {
    await harness.store.commit(
      Array.from({ length: 1000 }, (_, index) => {
        const id = eventId(createdAt, crypto.getRandomValues(new Uint8Array(8)));
        const event = { id, type: "test.made", createdAt, runId: null, pipeline: null, target: null };
        return { type: "event.put", event: { ...event, data: { number: from + index } } } as const;
      }),
    );
  }
  await until(async () => (await harness.store.outbound.fannedOutTo()) === count, 60_000);
  const sequences = new Set<number>();
  let cursor: string | null = null;
  do {
    const query = { destination: endpoint, limit: 500, ...(cursor === null ? {} : { cursor }) };
    const page = await harness.store.outbound.list(query);
    for (const { eventSeq } of page.deliveries) sequences.add(eventSeq);
    expect(page.deliveries.length).toBeGreaterThan(0);
    cursor = page.nextCursor;
  } while (cursor !== null);
  expect(sequences.size).toBe(count);
  expect(mostCreated).toBeLessThanOrEqual(1000);
  await dead.close();
});

test("an endpoint that wants more from now on gets nothing of what happened before, after a restart neither", async () => {
  const few = await endpointFor({ events: ["few.*"] });
  await harness.emit(...Array.from({ length: 5 }, (_, number) => ({ type: "many.made", data: { number } })));
  const seq = await harness.store.events.newestSeq();
  await until(() => harness.eventsNeededFrom > seq);
  await harness.registry.change(few, (fields) => ({ ...fields, events: ["*"] }));
  harness = await harness.restart();
  await harness.emit({ type: "many.made", data: { number: 5 } }, { type: "last.one" });
  expect(await numbersOf(few)).toEqual([5]);
});

test("events need not be kept for an endpoint that is switched off", async () => {
  const endpoint = await endpointFor({});
  await harness.registry.change(endpoint, (fields) => ({ ...fields, enabled: false }));
  await harness.emit({ type: "test.made" });
  expect(harness.eventsNeededFrom).toBe(Number.POSITIVE_INFINITY);
  await harness.registry.change(endpoint, (fields) => ({ ...fields, enabled: true }));
  await harness.emit({ data: { number: 1 } }, { type: "last.one" });
  expect(await numbersOf(endpoint)).toEqual([1]);
});

test("nothing stays pending for an endpoint that is removed while its deliveries are being recorded", async () => {
  const { promise, resolve } = Promise.withResolvers<void>();
  const endpoint = await endpointFor({});
  beforeCreates = promise;
  mostCreated = 0;
  await harness.emit({ type: "test.made" });
  await until(() => mostCreated > 0);
  await harness.registry.remove(endpoint);
  await Bun.sleep(20);
  resolve();
  await until(async () => (await harness.deliveries(endpoint)).length === 1);
  await until(async () => (await harness.deliveries(endpoint)).every(({ status }) => status === "cancelled"));
});
