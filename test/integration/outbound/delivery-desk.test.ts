// What can be asked of deliveries: a test, a list, one in full, another try, all that was given up.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { until } from "../../fixtures/harness/engine-harness.ts";
import { OutboundHarness } from "../../fixtures/harness/outbound-harness.ts";
import { Receivers } from "../../fixtures/receivers/receivers.ts";

let harness: OutboundHarness;
const receivers = new Receivers();

beforeEach(async () => {
  harness = await OutboundHarness.open();
});

afterEach(async () => {
  await harness.close();
  await receivers.close();
});

async function codeOf(work: Promise<unknown>): Promise<unknown> {
  return await work.then(
    () => "done",
    (thrown: unknown) => (thrown as { code?: unknown }).code,
  );
}

describe("send()", () => {
  test("resolves with what came of its attempt, which is on record as any delivery", async () => {
    const { url, requests } = await receivers.open({ statuses: [200] });
    const endpoint = await harness.endpoint(url, { events: ["run.failed"] });
    const sent = await harness.desk.send(endpoint, { type: "migration.completed", data: { phase: 3 } });
    expect(sent).toMatchObject({
      delivery: { status: "delivered", attempts: 1, eventType: "migration.completed" },
      event: { type: "migration.completed", data: { phase: 3 }, target: endpoint },
      attempts: [{ number: 1, status: 200 }],
    });
    expect(requests.length).toBe(1);
    expect(await harness.desk.get(endpoint, sent.delivery.id)).toEqual(sent);
  });

  test("tells of a failure at once, and tries again as of any other delivery", async () => {
    const { url } = await receivers.open({ statuses: [500, 200] });
    const endpoint = await harness.endpoint(url);
    const { delivery, attempts } = await harness.desk.send(endpoint, { type: "run.failed", data: {} });
    expect([delivery.status, attempts[0]?.status]).toEqual(["pending", 500]);
    await harness.passToNext(endpoint);
    await harness.settled(endpoint, ({ status }) => status === "delivered");
  });

  test("also reaches an endpoint that is switched off", async () => {
    const { url, requests } = await receivers.open({ statuses: [200] });
    const endpoint = await harness.endpoint(url, { enabled: false });
    const { delivery } = await harness.desk.send(endpoint, { type: "run.failed", data: {} });
    expect([delivery.status, requests.length]).toEqual(["delivered", 1]);
  });
});

describe("retry()", () => {
  test("begins the whole schedule anew, also of what was delivered", async () => {
    const { url, requests } = await receivers.open({ statuses: [200, 500, 200] });
    const endpoint = await harness.endpoint(url);
    await harness.emit({});
    const { delivery } = await harness.settled(endpoint, ({ status }) => status === "delivered");
    const again = await harness.desk.retry(endpoint, delivery.id);
    expect(again).toMatchObject({ status: "pending", attempts: 1, earlierAttempts: 1, finishedAt: null });
    await harness.settled(endpoint, ({ attempts }) => attempts === 2);
    await harness.passToNext(endpoint);
    const { delivery: last, attempts } = await harness.settled(endpoint, ({ status }) => status === "delivered");
    expect(last).toMatchObject({ attempts: 3, earlierAttempts: 1 });
    expect(attempts.map(({ status }) => status)).toEqual([200, 500, 200]);
    expect(new Set(requests.map(({ body }) => body.toString())).size).toBe(1);
  });

  test("makes a pending delivery due at once", async () => {
    const { url } = await receivers.open({ statuses: [500, 200] });
    const endpoint = await harness.endpoint(url);
    await harness.emit({});
    const { delivery } = await harness.settled(endpoint, ({ attempts }) => attempts === 1);
    await harness.desk.retry(endpoint, delivery.id);
    await harness.settled(endpoint, ({ status }) => status === "delivered");
  });

  test("leaves a delivery alone that is being sent", async () => {
    const { url, requests } = await receivers.open("hangs");
    const endpoint = await harness.endpoint(url);
    await harness.emit({});
    await until(() => requests.length === 1);
    const [delivery] = await harness.deliveries(endpoint);
    expect(await harness.desk.retry(endpoint, delivery?.id ?? "")).toMatchObject({ status: "pending", attempts: 0 });
    harness.clock.advance(30_000);
    const { delivery: after } = await harness.settled(endpoint, ({ attempts }) => attempts === 1);
    expect([after.earlierAttempts, requests.length]).toEqual([0, 1]);
  });

  test("of another endpoint's delivery, or of none, is refused", async () => {
    const { url } = await receivers.open({ statuses: [200] });
    const [one, other] = [await harness.endpoint(url), await harness.endpoint(url, { events: ["other.*"] })];
    await harness.emit({});
    const { delivery } = await harness.settled(one, ({ status }) => status === "delivered");
    expect(await codeOf(harness.desk.retry(other, delivery.id))).toBe("DELIVERY_NOT_FOUND");
    expect(await codeOf(harness.desk.get(other, delivery.id))).toBe("DELIVERY_NOT_FOUND");
    expect(await codeOf(harness.desk.get(one, "dlv_none"))).toBe("DELIVERY_NOT_FOUND");
  });
});

test("list() gives an endpoint's deliveries newest first, by status, page by page", async () => {
  const { url } = await receivers.open({ statuses: [200, 500] });
  const endpoint = await harness.endpoint(url);
  for (const number of [1, 2, 3]) {
    await harness.emit({ data: { number } });
    await until(
      async () => (await harness.deliveries(endpoint)).filter(({ attempts }) => attempts === 1).length === number,
    );
  }
  const { deliveries, nextCursor } = await harness.desk.list(endpoint, { limit: 2 });
  const rest = await harness.desk.list(endpoint, { limit: 2, cursor: nextCursor ?? "" });
  expect([...deliveries, ...rest.deliveries].map(({ status }) => status)).toEqual(["pending", "pending", "delivered"]);
  expect((await harness.desk.list(endpoint, { limit: 9, status: "delivered" })).deliveries.length).toBe(1);
});

test("recover() begins anew what was given up since a time, and nothing else", async () => {
  const { url, requests } = await receivers.open({ statuses: [500, 500, 500, 200] });
  const endpoint = await harness.endpoint(url, { retryDelaysMs: [] });
  await harness.emit({ data: { number: 1 } });
  await harness.settled(endpoint, ({ status }) => status === "failed");
  harness.clock.advance(1000);
  const since = harness.clock.now();
  await harness.emit({ data: { number: 2 } }, { data: { number: 3 } });
  await until(
    async () => (await harness.deliveries(endpoint)).filter(({ status }) => status === "failed").length === 3,
  );
  expect(await harness.desk.recover(endpoint, since)).toBe(2);
  await until(
    async () => (await harness.deliveries(endpoint)).filter(({ status }) => status === "delivered").length === 2,
  );
  expect(requests.length).toBe(5);
  expect(await harness.desk.recover(endpoint, since)).toBe(0);
  expect(await harness.desk.recover(endpoint, 0)).toBe(1);
});
