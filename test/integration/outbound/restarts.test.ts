// A server that ends in the middle: what is due then is sent in its next life, and nothing is forgotten.

import { afterEach, expect, test } from "bun:test";
import type { Store } from "../../../src/store/store.ts";
import { AppError } from "../../../src/core/app-error.ts";
import { until } from "../../fixtures/harness/engine-harness.ts";
import { OutboundHarness } from "../../fixtures/harness/outbound-harness.ts";
import { type BadReceiver, type Behaviour, openBadReceiver } from "../../fixtures/receivers/bad-receiver.ts";

const minuteMs = 60_000;
let harness: OutboundHarness;
let receiver: BadReceiver;

afterEach(async () => {
  await harness.close();
  await receiver.close();
});

async function begin(behaviour: Behaviour, wrapStore?: (store: Store) => Store): Promise<string> {
  receiver = await openBadReceiver(behaviour);
  harness = await OutboundHarness.open(wrapStore === undefined ? {} : { wrapStore });
  return await harness.endpoint(receiver.url);
}

test("the time until the next attempt goes on over a restart", async () => {
  const endpoint = await begin({ statuses: [500, 500, 200] });
  await harness.emit({});
  await harness.settled(endpoint, ({ attempts }) => attempts === 1);
  await harness.passToNext(endpoint);
  const { delivery } = await harness.settled(endpoint, ({ attempts }) => attempts === 2);
  harness = await harness.restart(2 * minuteMs);
  expect((await harness.deliveries(endpoint))[0]?.nextAttemptAt).toBe(delivery.nextAttemptAt);
  await Bun.sleep(50);
  expect(receiver.requests.length).toBe(2);
  harness.clock.advance(4 * minuteMs);
  await harness.settled(endpoint, ({ status }) => status === "delivered");
  const [first] = await harness.deliveries(endpoint);
  expect(first?.attempts).toBe(3);
});

test("what became due while the server was off is sent when it starts", async () => {
  const endpoint = await begin({ statuses: [500, 200] });
  await harness.emit({});
  await harness.settled(endpoint, ({ attempts }) => attempts === 1);
  harness = await harness.restart(60 * minuteMs);
  await harness.settled(endpoint, ({ status }) => status === "delivered");
});

test("what happened and was not yet looked at is sent in the next life, once", async () => {
  // As if the server had ended before it came to that.
  let isOver = false;
  const endpoint = await begin({ statuses: [200] }, (store) => ({
    ...store,
    commit: async (writes) => {
      if (isOver && writes.some(({ type }) => type === "delivery.create")) {
        throw new AppError("STORE_UNAVAILABLE", "the server has ended");
      }
      await store.commit(writes);
    },
  }));
  isOver = true;
  await harness.emit({}, {}, {});
  await Bun.sleep(50);
  isOver = false;
  harness = await harness.restart();
  await until(
    async () => (await harness.deliveries(endpoint)).filter(({ status }) => status === "delivered").length === 3,
  );
  harness = await harness.restart();
  await Bun.sleep(50);
  expect((await harness.deliveries(endpoint)).length).toBe(3);
  expect(receiver.requests.length).toBe(3);
});

test("an attempt that takes longer than a stop waits is not on record, and made again", async () => {
  const endpoint = await begin("hangs");
  await harness.emit({});
  await until(() => receiver.requests.length === 1);
  const stopping = harness.restart();
  await Bun.sleep(20);
  harness.clock.advance(2000);
  harness = await stopping;
  await until(() => receiver.requests.length === 2);
  const [first] = await harness.deliveries(endpoint);
  expect(first).toMatchObject({ status: "pending", attempts: 0 });
  expect(new Set(receiver.requests.map(({ body }) => body.toString())).size).toBe(1);
  harness.clock.advance(30_000);
  await harness.settled(endpoint, ({ attempts }) => attempts === 1);
});

test("a disk that is full for a while loses no attempt and no delivery", async () => {
  let isFull = false;
  const endpoint = await begin({ statuses: [200] }, (store) => ({
    ...store,
    commit: async (writes) => {
      const isOfDeliveries = writes.some(({ type }) => type.startsWith("delivery."));
      if (isFull && isOfDeliveries) throw new AppError("STORE_UNAVAILABLE", "the disk is full");
      await store.commit(writes);
    },
  }));
  isFull = true;
  await harness.emit({});
  await Bun.sleep(50);
  isFull = false;
  harness.clock.advance(1000);
  await until(() => receiver.requests.length === 1);
  await harness.settled(endpoint, ({ status }) => status === "delivered");
  expect(harness.logs('"level":"error"')).toEqual([]);
});

test("a clock that is set back puts no attempt off for long", async () => {
  const endpoint = await begin({ statuses: [500, 200] });
  await harness.emit({});
  await harness.settled(endpoint, ({ attempts }) => attempts === 1);
  const [first] = await harness.deliveries(endpoint);
  if (first === undefined) throw new Error("there is no delivery");
  // Two days ago it was set right.
  const nextAttemptAt = (first.nextAttemptAt ?? 0) + 2 * 24 * 60 * minuteMs;
  await harness.store.commit([{ type: "delivery.put", delivery: { ...first, nextAttemptAt } }]);
  harness.clock.advance(minuteMs / 2);
  await harness.settled(endpoint, ({ status }) => status === "delivered");
});

test("what has still to be sent for the first time is sent whatever the clock was set back by", async () => {
  const endpoint = await begin({ statuses: [200] });
  const registered = await harness.registry.change(endpoint, (fields) => ({ ...fields, enabled: false }));
  expect(registered.endpoint.enabled).toBeFalse();
  const [id = ""] = await harness.emit({});
  const event = await harness.store.events.find(id);
  if (event === undefined) throw new Error("there is no event");
  const now = harness.clock.now();
  const known = { id: "dlv_1", destination: endpoint, eventSeq: event.seq, eventId: id, eventType: event.type };
  const counts = { attempts: 0, earlierAttempts: 0, status: "pending", finishedAt: null } as const;
  const delivery = { ...known, ...counts, createdAt: now, nextAttemptAt: now + 60 * minuteMs };
  await harness.store.commit([{ type: "delivery.create", delivery }]);
  await harness.registry.change(endpoint, (fields) => ({ ...fields, enabled: true }));
  await harness.settled(endpoint, ({ status }) => status === "delivered");
});

test("an attempt that cannot be recorded is made again after a while, whatever else there is to send", async () => {
  let refused = "";
  const endpoint = await begin({ statuses: [200] }, (store) => ({
    ...store,
    commit: async (writes) => {
      for (const write of writes) {
        if (write.type === "delivery.create") refused ||= write.delivery.id;
        if (write.type === "delivery.attempt" && write.deliveryId === refused) throw new AppError("INTERNAL", "no");
      }
      await store.commit(writes);
    },
  }));
  for (let number = 0; number < 10; number++) {
    await harness.emit({});
    await until(() => receiver.requests.length > number);
    await Bun.sleep(20);
  }
  expect(receiver.requests.length).toBe(10);
  refused = "none";
  harness.clock.advance(minuteMs);
  await until(async () => (await harness.deliveries(endpoint)).every(({ status }) => status === "delivered"));
});
