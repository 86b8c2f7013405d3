// A receiver that fails in every way, through the whole schedule: seven attempts, each on record, then the delivery is kept as failed.

import { afterEach, describe, expect, test } from "bun:test";
import type { WholeDelivery } from "../../../src/engine/outbound/delivery-desk-contract.ts";
import { until } from "../../fixtures/harness/engine-harness.ts";
import { OutboundHarness } from "../../fixtures/harness/outbound-harness.ts";
import { type BadReceiver, type Behaviour, openBadReceiver } from "../../fixtures/receivers/bad-receiver.ts";

const minuteMs = 60_000;
const scheduleMs = [1, 5, 30, 120, 480, 1440].map((minutes) => minutes * minuteMs);
const timeoutMs = 30_000;

let harness: OutboundHarness | null = null;
let receiver: BadReceiver | null = null;

afterEach(async () => {
  await harness?.close();
  await receiver?.close();
  [harness, receiver] = [null, null];
});

async function begin(behaviour: Behaviour): Promise<{ harness: OutboundHarness; endpoint: string; url: string }> {
  const opened = await openBadReceiver(behaviour);
  receiver = opened;
  harness = await OutboundHarness.open(
    behaviour === "wrong-name" && opened.certificate !== null ? { ca: opened.certificate } : {},
  );
  const endpoint = await harness.endpoint(opened.url);
  await harness.emit({ data: { number: 1 } });
  return { harness, endpoint, url: opened.url };
}

async function attempted(on: OutboundHarness, endpoint: string, number: number): Promise<void> {
  await until(async () => ((await on.deliveries(endpoint))[0]?.attempts ?? 0) >= number);
}

/** Of a receiver that gives no answer the time passes. */
async function wholeSchedule(on: OutboundHarness, endpoint: string, isSlow = false): Promise<WholeDelivery> {
  for (let number = 1; number <= 7; number++) {
    if (isSlow) {
      await until(() => (receiver?.requests.length ?? 0) >= number);
      on.clock.advance(timeoutMs);
    }
    await attempted(on, endpoint, number);
    await on.passToNext(endpoint);
  }
  return await on.settled(endpoint, ({ status }) => status !== "pending");
}

const failures: readonly (readonly [Behaviour & string, string])[] = [
  ["refuses", "connect"],
  ["hangs", "timeout"],
  ["drips-head", "timeout"],
  ["huge-head", "protocol"],
  ["early-hints-for-ever", "timeout"],
  ["closes", "closed"],
  ["closes-mid-head", "closed"],
  ["not-http", "protocol"],
  ["no-such-host", "dns"],
  ["self-signed", "tls"],
  ["wrong-name", "tls"],
];

describe("seven attempts are made over 34 h 36 min, and the delivery is kept as failed, where the receiver", () => {
  test.each(failures)("%s", async (behaviour, error) => {
    const { harness: on, endpoint } = await begin(behaviour);
    const { delivery, attempts } = await wholeSchedule(on, endpoint, error === "timeout");
    expect(delivery).toMatchObject({ status: "failed", attempts: 7, nextAttemptAt: null });
    expect(attempts.map((each) => each.error?.code)).toEqual(Array(7).fill(error));
    expect(attempts.map(({ status, response }) => [status, response.length])).toEqual(Array(7).fill([null, 0]));
    attempts.slice(1).forEach(({ at }, index) => {
      const before = attempts[index];
      const waitMs = at - (before?.at ?? 0) - (before?.durationMs ?? 0);
      const planned = scheduleMs[index] ?? 0;
      expect(waitMs).toBeGreaterThanOrEqual(0.9 * planned - 50);
      expect(waitMs).toBeLessThanOrEqual(1.1 * planned + 2 * timeoutMs);
    });
    expect(on.logs("sent there fails").length).toBe(1);
  });

  test("answers 500, and redirects that are not followed", async () => {
    const { harness: on, endpoint } = await begin("redirect-loop");
    const { delivery, attempts } = await wholeSchedule(on, endpoint);
    expect(delivery).toMatchObject({ status: "failed", attempts: 7 });
    expect(attempts.map(({ status }) => status)).toEqual(Array(7).fill(302));
    expect(receiver?.requests.length).toBe(7);
  });
});

describe("an answer with 2xx is a success, whatever comes of its body, where the receiver", () => {
  test.each(["drips-body", "huge-answer", "gzip-bomb", "closes-mid-answer"] as const)("%s", async (behaviour) => {
    const { harness: on, endpoint } = await begin(behaviour);
    if (behaviour === "drips-body") {
      await until(() => receiver?.requests.length === 1);
      on.clock.advance(timeoutMs);
    }
    const { delivery, attempts } = await on.settled(endpoint, ({ status }) => status !== "pending");
    expect(delivery).toMatchObject({ status: "delivered", attempts: 1 });
    const [first] = attempts;
    expect(first).toMatchObject({ status: 200, error: null, isResponseCut: true });
    expect(first?.response.length).toBeLessThanOrEqual(16 * 1024);
    if (behaviour === "gzip-bomb") expect([...(first?.response.slice(0, 2) ?? [])]).toEqual([0x1f, 0x8b]);
    expect(receiver?.sentBytes() ?? 0).toBeLessThan(50 * 1024 * 1024);
  });
});

test("500s and then 200 are as many attempts of the same event, signed each time, and one delivery", async () => {
  const { harness: on, endpoint } = await begin({ statuses: [500, 503, 200] });
  for (const number of [1, 2]) {
    await attempted(on, endpoint, number);
    await on.passToNext(endpoint);
  }
  const { delivery, attempts } = await on.settled(endpoint, ({ status }) => status === "delivered");
  expect(attempts.map(({ status }) => status)).toEqual([500, 503, 200]);
  expect(new TextDecoder().decode(attempts[0]?.response)).toBe("answer");
  const bodies = (receiver?.requests ?? []).map(({ body }) => body.toString());
  expect(new Set(bodies).size).toBe(1);
  expect(JSON.parse(bodies[0] ?? "")).toMatchObject({
    id: delivery.eventId,
    type: "test.made",
    data: { number: 1 },
    metadata: { environment: "test" },
  });
  const signature = `sha256=${new Bun.CryptoHasher("sha256", "a secret of the test").update(bodies[0] ?? "").digest("hex")}`;
  for (const { headers } of receiver?.requests ?? []) expect(headers["x-runner-signature"]).toBe(signature);
  expect(attempts[0]?.requestHeaders["X-Runner-Signature"]).toBe(signature);
});

test("a receiver that asks for time gets it", async () => {
  const { harness: on, endpoint } = await begin({ statuses: [429, 200], headers: { "retry-after": "7200" } });
  await attempted(on, endpoint, 1);
  on.clock.advance(110 * minuteMs);
  await Bun.sleep(100);
  expect(receiver?.requests.length).toBe(1);
  on.clock.advance(11 * minuteMs);
  await on.settled(endpoint, ({ status }) => status === "delivered");
});

test("headers of an endpoint are sent with the secrets they name, and recorded without them", async () => {
  receiver = await openBadReceiver({ statuses: [200] });
  harness = await OutboundHarness.open();
  const headers = { Authorization: "env:HEADER_TOKEN", "X-Site": "nas" };
  const endpoint = await harness.endpoint(receiver.url, { headers });
  await harness.emit({});
  const { attempts } = await harness.settled(endpoint, ({ status }) => status === "delivered");
  expect(receiver.requests[0]?.headers).toMatchObject({ authorization: "a-token-of-the-test", "x-site": "nas" });
  expect(JSON.stringify(attempts)).not.toContain("a-token-of-the-test");
  expect(attempts[0]?.requestHeaders).toMatchObject({
    "content-type": "application/json",
    "user-agent": "runner/test",
    Authorization: "********",
  });
});

test("an endpoint whose secret cannot be read is tried again like any other", async () => {
  receiver = await openBadReceiver({ statuses: [200] });
  harness = await OutboundHarness.open();
  const endpoint = await harness.endpoint(receiver.url, {}, "env:NOT_THERE");
  await harness.emit({});
  const { delivery, attempts } = await harness.settled(endpoint, (each) => each.attempts === 1);
  expect(delivery.status).toBe("pending");
  expect(attempts[0]?.error).toEqual({ code: "secret", message: "the environment variable NOT_THERE is not set" });
  expect(receiver.requests).toEqual([]);
});
