// An endpoint that fails for long is told of, then disabled; what it missed is kept, and sent when somebody asks for it.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { until } from "../../fixtures/harness/engine-harness.ts";
import { OutboundHarness, type OutboundHarnessOptions } from "../../fixtures/harness/outbound-harness.ts";
import type { BadReceiver } from "../../fixtures/receivers/bad-receiver.ts";
import { Receivers } from "../../fixtures/receivers/receivers.ts";

const hourMs = 60 * 60_000;
const dayMs = 24 * hourMs;

let harness: OutboundHarness;
let watcher: BadReceiver;
let watching: string;
const receivers = new Receivers();

beforeEach(async () => {
  watcher = await receivers.open({ statuses: [200] });
});

afterEach(async () => {
  await harness.close();
  await receivers.close();
});

/** An endpoint that also wants to hear of endpoints, and one that hears of them. */
async function begin(url: string, options: OutboundHarnessOptions = {}): Promise<string> {
  harness = await OutboundHarness.open(options);
  watching = await harness.endpoint(watcher.url, { events: ["endpoint.*"] });
  return await harness.endpoint(url, { events: ["test.*", "endpoint.*"] });
}

async function isAtRest(endpoint: string): Promise<boolean> {
  if (harness.registry.stateOf(endpoint).disabledAt !== null) return true;
  const [next] = await harness.store.outbound.pending(endpoint, 1);
  return next === undefined || (next.nextAttemptAt ?? 0) > harness.clock.now();
}

/**
 * Time passes in steps, and what is due comes. To the watcher too: time that is set ahead under its requests would make
 * it a failing endpoint, which the other one would be told of.
 */
async function pass(ms: number, endpoint: string, stepMs = hourMs / 2): Promise<void> {
  for (let passed = 0; passed < ms; passed += stepMs) {
    harness.clock.advance(stepMs);
    await until(async () => (await isAtRest(endpoint)) && (await isAtRest(watching)));
  }
}

interface Told {
  readonly id: string;
  readonly type: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/** Each once: time that a test sets ahead passes for requests under way too, and they are made again. */
function told(): readonly Told[] {
  const all = watcher.requests.map(({ body }) => JSON.parse(body.toString()) as Told);
  return all.filter(({ id }, index) => all.findIndex((each) => each.id === id) === index);
}

test("an endpoint is disabled after five days of failures only, told before and after, by event and log", async () => {
  const dead = await receivers.open("refuses");
  const endpoint = await begin(dead.url);
  const begunAt = harness.clock.now();
  for (let day = 0; day < 6; day++) {
    await harness.emit({ data: { day } });
    await until(async () => (await harness.deliveries(endpoint)).some(({ attempts }) => attempts > 0));
    await pass(dayMs, endpoint);
  }
  await until(() => told().length === 2);
  const [failing, disabled] = told();
  expect(failing).toMatchObject({ type: "endpoint.failing", data: { endpoint_id: endpoint, status: null } });
  const disableAt = Date.parse(String(failing?.data["disable_at"]));
  expect(Math.abs(disableAt - begunAt - 5 * dayMs)).toBeLessThan(hourMs);
  expect(disabled).toMatchObject({ type: "endpoint.disabled", data: { endpoint_id: endpoint } });
  const { disabledAt, disabledReason } = harness.registry.stateOf(endpoint);
  expect(disabledAt ?? 0).toBeGreaterThanOrEqual(disableAt);
  expect(disabledReason).toStartWith("all attempts failed, the last one: ");
  expect(harness.logs("sent there fails").length).toBe(1);
  expect(
    harness.logs(`endpoint was disabled: it is sent nothing until \`runner webhooks set ${endpoint} --enable\``),
  ).toHaveLength(1);
  await until(async () => (await harness.deliveries(endpoint)).every(({ status }) => status === "failed"));
  // Nothing of this was sent to the endpoint itself.
  const types = (await harness.deliveries(endpoint)).map(({ eventType }) => eventType);
  expect(new Set(types)).toEqual(new Set(["test.made"]));
});

test("an endpoint that answers 410 is disabled at once; what happens then is kept, and resent when it is enabled", async () => {
  const gone = await receivers.open({ statuses: [410, 200] });
  const endpoint = await begin(gone.url);
  const begunAt = harness.clock.now();
  await harness.emit({});
  await harness.settled(endpoint, ({ status }) => status === "failed");
  await until(() => told().length === 1);
  expect(told()[0]?.data).toMatchObject({ endpoint_id: endpoint, status: 410, reason: "it answered 410 Gone" });
  const missed = await harness.emit({ data: { missed: 1 } }, { data: { missed: 2 } });
  await until(async () => (await harness.deliveries(endpoint)).length === 3);
  const statuses = (await harness.deliveries(endpoint)).map(({ status, attempts }) => [status, attempts]);
  expect(statuses).toEqual([
    ["failed", 1],
    ["failed", 0],
    ["failed", 0],
  ]);
  expect(gone.requests.length).toBe(1);
  await harness.registry.enable(endpoint);
  expect(await harness.desk.recover(endpoint, begunAt)).toBe(3);
  await until(async () => (await harness.deliveries(endpoint)).every(({ status }) => status === "delivered"));
  const ids = gone.requests.map(({ body }) => (JSON.parse(body.toString()) as { id: string }).id);
  expect(ids.slice(1)).toEqual(expect.arrayContaining([...missed]));
});

test("what was given up with an endpoint is not sent when it is enabled, until somebody asks for it", async () => {
  const gone = await receivers.open({ statuses: [410, 200] });
  const endpoint = await begin(gone.url);
  const begunAt = harness.clock.now();
  await harness.registry.change(endpoint, (fields) => ({ ...fields, ratePerMinute: 1 }));
  await harness.emit(...Array.from({ length: 5 }, () => ({})));
  await until(async () => {
    const deliveries = await harness.deliveries(endpoint);
    return deliveries.length === 5 && deliveries.every(({ status }) => status === "failed");
  });
  await harness.registry.enable(endpoint);
  harness.clock.advance(60_000);
  await Bun.sleep(100);
  expect(gone.requests.length).toBe(1);
  await harness.registry.change(endpoint, (fields) => ({ ...fields, ratePerMinute: null }));
  expect(await harness.desk.recover(endpoint, begunAt)).toBe(5);
  await until(async () => (await harness.deliveries(endpoint)).every(({ status }) => status === "delivered"));
});

test("a success between failures begins the days anew", async () => {
  const receiver = await receivers.open({ statuses: [500, 500, 500, 500, 200, 500] });
  const endpoint = await begin(receiver.url);
  for (let day = 0; day < 8; day++) {
    await harness.emit({});
    // Time that is set ahead passes for a first attempt under way too, and would end it.
    await until(async () => {
      const deliveries = await harness.deliveries(endpoint);
      return deliveries.length === day + 1 && deliveries.every(({ attempts }) => attempts > 0);
    });
    await pass(dayMs / 2, endpoint);
    if (day < 2) expect(harness.registry.stateOf(endpoint).disabledAt).toBeNull();
  }
  expect(harness.registry.stateOf(endpoint).disabledAt).toBeNull();
  expect(harness.logs("arrives again").length).toBe(1);
  // Once for each time that it began to fail.
  await until(() => told().length === 2);
  expect(told().map(({ type }) => type)).toEqual(["endpoint.failing", "endpoint.failing"]);
});

test("where endpoints are never disabled, deliveries are given up one by one", async () => {
  const dead = await receivers.open("refuses");
  const endpoint = await begin(dead.url, { disableAfterMs: null });
  for (let day = 0; day < 8; day++) {
    await harness.emit({});
    await pass(dayMs, endpoint, hourMs);
  }
  expect(harness.registry.stateOf(endpoint).disabledAt).toBeNull();
  await until(() => told().length === 1);
  expect(told()[0]?.data["disable_at"]).toBeNull();
  expect((await harness.deliveries(endpoint)).filter(({ status }) => status === "failed").length).toBeGreaterThan(4);
  harness.clock.advance(60_000);
  expect(harness.logs("deliveries were given up").length).toBeGreaterThan(0);
});

test("a weekend of downtime loses nothing: all is kept, and recover() resends it", async () => {
  const dead = await receivers.open("refuses");
  const endpoint = await begin(dead.url);
  const begunAt = harness.clock.now();
  const events: string[] = [];
  for (let hour = 0; hour < 64; hour += 4) {
    events.push(...(await harness.emit({ data: { hour } })));
    await pass(4 * hourMs, endpoint);
  }
  expect(harness.registry.stateOf(endpoint).disabledAt).toBeNull();
  const kept = await harness.deliveries(endpoint);
  expect(kept.map(({ eventId }) => eventId)).toEqual(events);
  expect(new Set(kept.map(({ status }) => status))).toEqual(new Set(["failed", "pending"]));
  const back = await receivers.open({ statuses: [200] });
  await harness.registry.change(endpoint, (fields) => ({ ...fields, url: back.url }));
  const failed = kept.filter(({ status }) => status === "failed").length;
  expect(await harness.desk.recover(endpoint, begunAt)).toBe(failed);
  await pass(26 * hourMs, endpoint);
  await until(async () => (await harness.deliveries(endpoint)).every(({ status }) => status === "delivered"));
  const arrived = back.requests.map(({ body }) => (JSON.parse(body.toString()) as { id: string }).id);
  expect(arrived.toSorted()).toEqual(events.toSorted());
});
