// Each endpoint has its own lane: a dead or slow one delays no other, and none is overrun.

import { afterEach, expect, test } from "bun:test";
import type { Store } from "../../../src/store/store.ts";
import { until } from "../../fixtures/harness/engine-harness.ts";
import { OutboundHarness } from "../../fixtures/harness/outbound-harness.ts";
import type { BadReceiver } from "../../fixtures/receivers/bad-receiver.ts";
import { Receivers } from "../../fixtures/receivers/receivers.ts";

let harness: OutboundHarness | null = null;
const receivers = new Receivers();

afterEach(async () => {
  await harness?.close();
  await receivers.close();
  harness = null;
});

async function open(): Promise<OutboundHarness> {
  return (harness = await OutboundHarness.open());
}

function numbered(count: number): { readonly data: { readonly number: number } }[] {
  return Array.from({ length: count }, (_, number) => ({ data: { number } }));
}

function numbersIn({ requests }: BadReceiver): readonly number[] {
  const bodies = requests.map(({ body }) => JSON.parse(body.toString()) as { data: { number: number } });
  return bodies.map(({ data }) => data.number);
}

test("what hangs, refuses or fails delays no other endpoint", async () => {
  const on = await open();
  const bad = await Promise.all([
    receivers.open("hangs"),
    receivers.open("refuses"),
    receivers.open({ statuses: [500] }),
  ]);
  for (const { url } of bad) await on.endpoint(url);
  const good = await receivers.open({ statuses: [200] });
  const endpoint = await on.endpoint(good.url);
  await on.emit(...numbered(100));
  // No time has passed for those that hang.
  await until(
    async () => (await on.deliveries(endpoint)).filter(({ status }) => status === "delivered").length === 100,
  );
  expect(new Set(numbersIn(good)).size).toBe(100);
  expect(bad[0].open()).toBe(4);
  // Nobody waits for those that hang when the server stops.
  on.clock.advance(30_000);
});

test("a hundred that hang delay no other endpoint, at first and when they hang again", async () => {
  const on = await open();
  const hanging = await receivers.open("hangs");
  for (let number = 0; number < 100; number++) {
    await on.endpoint(`${hanging.url}?${number}`, { retryDelaysMs: [1000, 1000] });
  }
  const good = await receivers.open({ statuses: [200] });
  const endpoint = await on.endpoint(good.url, { events: ["test.*", "other.*"] });
  const arrived = async (count: number): Promise<void> => {
    await until(async () => {
      const deliveries = await on.deliveries(endpoint);
      return deliveries.filter(({ status }) => status === "delivered").length === count;
    });
  };
  await on.emit(...numbered(4));
  await arrived(4);
  // No time has passed for those that hang, which have tried everywhere they could.
  expect(hanging.requests.length).toBeGreaterThanOrEqual(100);
  on.clock.advance(31_000);
  await until(() => hanging.open() > 0);
  await on.emit(...numbered(100).map((each) => ({ ...each, type: "other.made" })));
  await arrived(104);
  on.clock.advance(31_000);
}, 60_000);

test("of more events than are held in memory each is sent once", async () => {
  const on = await open();
  const good = await receivers.open({ statuses: [200] });
  const endpoint = await on.endpoint(good.url);
  const events = 1200;
  await on.emit(...numbered(events));
  await until(() => good.requests.length >= events);
  await until(async () => (await on.store.outbound.pending(endpoint, 1)).length === 0);
  expect(numbersIn(good).toSorted((a, b) => a - b)).toEqual(numbered(events).map(({ data }) => data.number));
});

test("an endpoint with a rate is sent no more than that", async () => {
  const on = await open();
  const good = await receivers.open({ statuses: [200] });
  const endpoint = await on.endpoint(good.url, { ratePerMinute: 10 });
  await on.emit(...numbered(25));
  await until(() => good.requests.length === 10);
  await Bun.sleep(100);
  expect(good.requests.length).toBe(10);
  on.clock.advance(30_000);
  await until(() => good.requests.length >= 15);
  await Bun.sleep(100);
  expect(good.requests.length).toBe(15);
  for (let arrived = 16; arrived <= 25; arrived++) {
    // Nothing is under way that would take so long by that.
    on.clock.advance(6001);
    await until(async () => {
      const deliveries = await on.deliveries(endpoint);
      return deliveries.filter(({ status }) => status === "delivered").length >= arrived;
    });
  }
});

test("what is pending for a removed endpoint is cancelled, and nothing more is sent to it", async () => {
  const on = await open();
  const dead = await receivers.open({ statuses: [500] });
  const endpoint = await on.endpoint(dead.url);
  await on.emit(...numbered(3));
  await until(async () => (await on.deliveries(endpoint)).filter(({ attempts }) => attempts === 1).length === 3);
  await on.registry.remove(endpoint);
  await until(async () => (await on.deliveries(endpoint)).every(({ status }) => status === "cancelled"));
  await on.emit(...numbered(1));
  on.clock.advance(60 * 60_000);
  await Bun.sleep(100);
  expect(dead.requests.length).toBe(3);
});

test("what was removed while an attempt was under way stays so", async () => {
  const on = await open();
  const hanging = await receivers.open("hangs");
  const endpoint = await on.endpoint(hanging.url);
  await on.emit(...numbered(6));
  await until(() => hanging.requests.length === 4);
  await on.registry.remove(endpoint);
  on.clock.advance(30_000);
  await until(async () => (await on.deliveries(endpoint)).filter(({ attempts }) => attempts === 1).length === 4);
  await until(async () => (await on.deliveries(endpoint)).every(({ status }) => status === "cancelled"));
});

test("an endpoint that somebody switches off is sent nothing, and what was pending when it is on again", async () => {
  const on = await open();
  const receiver = await receivers.open({ statuses: [500, 200] });
  const endpoint = await on.endpoint(receiver.url);
  await on.emit(...numbered(1));
  await on.settled(endpoint, ({ attempts }) => attempts === 1);
  await on.registry.change(endpoint, (fields) => ({ ...fields, enabled: false }));
  await on.emit({ data: { number: 1 } });
  on.clock.advance(10 * 60_000);
  await Bun.sleep(100);
  expect(receiver.requests.length).toBe(1);
  await on.registry.change(endpoint, (fields) => ({ ...fields, enabled: true }));
  await on.settled(endpoint, ({ status }) => status === "delivered");
  expect(numbersIn(receiver)).toEqual([0, 0]);
  expect((await on.deliveries(endpoint)).length).toBe(1);
});

/** How often lanes have looked for what is due, and how much they have read. */
async function openCounted(): Promise<{
  readonly on: OutboundHarness;
  readonly count: { looks: number; rows: number };
}> {
  const count = { looks: 0, rows: 0 };
  const wrapStore = (store: Store): Store => {
    const pending: Store["outbound"]["pending"] = async (...asked) => {
      const read = await store.outbound.pending(...asked);
      count.looks++;
      count.rows += read.length;
      return read;
    };
    const get = (of: Store["outbound"], name: string | symbol): unknown =>
      name === "pending" ? pending : bound(of, name);
    return { ...store, outbound: new Proxy(store.outbound, { get }) };
  };
  return { on: (harness = await OutboundHarness.open({ wrapStore })), count };
}

test("an endpoint that begins to fail makes nobody look for what others are to be sent", async () => {
  const { on, count } = await openCounted();
  const dead = await receivers.open({ statuses: [500] });
  const ids: string[] = [];
  for (let number = 0; number < 40; number++) ids.push(await on.endpoint(dead.url));
  await on.emit(...numbered(1));
  for (const id of ids) await on.settled(id, ({ attempts }) => attempts === 1);
  // A few for each, not one for each time that any of them has changed.
  expect(count.looks).toBeLessThan(40 * 10);
});

test("what waits for its time is not read with each event that comes", async () => {
  const { on, count } = await openCounted();
  const dead = await receivers.open({ statuses: [500] });
  const endpoint = await on.endpoint(dead.url);
  await on.emit(...numbered(300));
  await until(async () => (await on.deliveries(endpoint)).filter(({ attempts }) => attempts === 1).length === 300);
  count.rows = 0;
  await on.emit(...numbered(1));
  await until(() => dead.requests.length === 301);
  expect(count.rows).toBeLessThan(100);
});

function bound<T extends object>(of: T, name: string | symbol): unknown {
  const value: unknown = Reflect.get(of, name);
  return typeof value === "function" ? value.bind(of) : value;
}
