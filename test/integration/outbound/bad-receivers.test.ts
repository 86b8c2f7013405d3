// Sending to receivers that are bad in every way: each ends in time as what it is, and costs next to nothing.

import { afterAll, describe, expect, test } from "bun:test";
import { type AddressInfo, createServer } from "node:net";
import { createSender } from "../../../src/webhooks/outbound/create-sender.ts";
import type { OutboundRequest, SendOutcome } from "../../../src/webhooks/webhooks.ts";
import { eventually } from "../../fixtures/harness/eventually.ts";
import { type BadReceiver, type Behaviour, openBadReceiver } from "../../fixtures/receivers/bad-receiver.ts";

const sender = createSender({ denyPrivate: false, allowHttp: false });
const opened: BadReceiver[] = [];
afterAll(async () => {
  sender.close();
  for (const receiver of opened) await receiver.close();
});

async function open(behaviour: Behaviour): Promise<BadReceiver> {
  const receiver = await openBadReceiver(behaviour);
  opened.push(receiver);
  return receiver;
}

function requestTo(url: string, more: Partial<OutboundRequest> = {}): OutboundRequest {
  const body = new TextEncoder().encode('{"id":"evt_1"}');
  return { url, method: "POST", headers: { "content-type": "application/json" }, body, timeoutMs: 10_000, ...more };
}

async function sendTo({ url }: BadReceiver, timeoutMs = 10_000): Promise<SendOutcome> {
  return await sender.send(requestTo(url, { timeoutMs }));
}

/** RFC 9112 §6.3: the length counts for nothing. */
const chunkedHead = "content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n";

function textOf(outcome: SendOutcome): string {
  return outcome.type === "answered" ? Buffer.from(outcome.body).toString() : outcome.message;
}

describe("a failure is", () => {
  test.each([
    ["refuses", "connect", "nothing listens there"],
    ["no-such-host", "dns", "there is no host named receiver.invalid"],
    ["closes", "closed", "closed before"],
    ["closes-mid-head", "closed", "closed before"],
    ["self-signed", "tls", "self-signed"],
    ["not-http", "protocol", "does not answer in HTTP"],
    ["huge-head", "protocol", "headers"],
  ] as const)("that a receiver %s: %s", async (behaviour, error, words) => {
    const outcome = await sendTo(await open(behaviour));
    expect(outcome).toMatchObject({ type: "failed", error });
    expect(textOf(outcome)).toContain(words);
  });

  test.each(["hangs", "drips-head", "early-hints-for-ever"] as const)(
    "that a receiver %s: a timeout, and the connection is closed",
    async (behaviour) => {
      const receiver = await open(behaviour);
      const outcome = await sendTo(receiver, 300);
      expect(outcome).toMatchObject({ type: "failed", error: "timeout" });
      expect(textOf(outcome)).toBe(`127.0.0.1 port ${receiver.port} did not answer within 300 ms`);
      expect(outcome.durationMs).toBeGreaterThanOrEqual(300);
      await eventually("end of the connection", () => receiver.open() === 0);
    },
  );

  test("an answer of another protocol, or with a status that is none", async () => {
    expect(await sendTo(await open({ statuses: [101] }))).toMatchObject({ type: "failed", error: "protocol" });
    expect(await sendTo(await open({ statuses: [0] }))).toMatchObject({ type: "failed", error: "protocol" });
  });
});

describe("an answer is", () => {
  test("each status that comes, also those that no RFC knows", async () => {
    const receiver = await open({ statuses: [500, 503, 410, 204, 999, 200] });
    const statuses: (number | null)[] = [];
    for (let attempt = 0; attempt < 6; attempt++) {
      const outcome = await sendTo(receiver);
      statuses.push(outcome.type === "answered" ? outcome.status : null);
    }
    expect(statuses.slice(0, 3)).toEqual([500, 503, 410]);
    expect(statuses.slice(4)).toEqual([999, 200]);
  });

  test("a redirect, which is not followed", async () => {
    const receiver = await open("redirect-loop");
    expect(await sendTo(receiver)).toMatchObject({ type: "answered", status: 302, headers: { location: "/hook" } });
    expect(receiver.requests).toHaveLength(1);
  });

  test("the first 16 KiB of 100 MB, and the connection is closed", async () => {
    const receiver = await open("huge-answer");
    const outcome = await sendTo(receiver);
    expect(outcome).toMatchObject({ type: "answered", status: 200, isCut: true });
    expect(textOf(outcome)).toBe("x".repeat(16 * 1024));
    await eventually("end of the connection", () => receiver.open() === 0);
    expect(receiver.sentBytes()).toBeLessThan(50 * 1024 * 1024);
  });

  test("the first 16 KiB of a gzip bomb as they came", async () => {
    const outcome = await sendTo(await open("gzip-bomb"));
    expect(outcome).toMatchObject({ type: "answered", headers: { "content-encoding": "gzip" }, isCut: true });
    const body = outcome.type === "answered" ? outcome.body : new Uint8Array(0);
    expect([body.length, body[0], body[1]]).toEqual([16 * 1024, 0x1f, 0x8b]);
  });

  test("a status line in time, whatever becomes of its body", async () => {
    const broken = await sendTo(await open("closes-mid-answer"));
    expect(broken).toMatchObject({ type: "answered", status: 200, isCut: true });
    // The runtime drops what came together with the end.
    expect("half of it").toStartWith(textOf(broken));
    const receiver = await open("drips-body");
    const dripping = await sendTo(receiver, 500);
    expect(dripping).toMatchObject({ type: "answered", status: 200, isCut: true });
    expect(textOf(dripping)).toMatch(/^x+$/);
    await eventually("end of the connection", () => receiver.open() === 0);
  });

  test("waited for no longer than its time: a body has two seconds", async () => {
    const outcome = await sendTo(await open("drips-body"), 30_000);
    expect(outcome).toMatchObject({ type: "answered", isCut: true });
    expect(outcome.durationMs).toBeLessThan(20_000);
  });

  test.each([
    ["says that it is longer than that", "content-length: 50000\r\n\r\n", "x".repeat(50_000)],
    ["says that it is short, but comes in chunks", chunkedHead, `c000\r\n${"x".repeat(0xc000)}\r\n0\r\n\r\n`],
  ])("the first 16 KiB of one that %s", async (_, head, body) => {
    const server = createServer((socket) => {
      socket.once("data", () => socket.end(`HTTP/1.1 200 OK\r\n${head}${body}`));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    const { port } = server.address() as AddressInfo;
    const outcome = await sender.send(requestTo(`http://127.0.0.1:${port}/`));
    server.close();
    expect(outcome).toMatchObject({ type: "answered", isCut: true });
    expect(textOf(outcome)).toBe("x".repeat(16 * 1024));
  });

  test("whole where it is short", async () => {
    const outcome = await sendTo(await open({ statuses: [200] }));
    expect(outcome).toMatchObject({ type: "answered", isCut: false, headers: { "content-length": "6" } });
    expect(textOf(outcome)).toBe("answer");
  });

  test("kept with 16 KiB of its headers", async () => {
    const headers = Object.fromEntries(Array.from({ length: 10 }, (_, n) => [`x-${n}`, "y".repeat(3000)]));
    const outcome = await sendTo(await open({ statuses: [200], headers }));
    const kept = outcome.type === "answered" ? Object.keys(outcome.headers) : [];
    expect(kept.filter((name) => name.startsWith("x-"))).toHaveLength(5);
  });
});

test("a receiver gets what was to be sent, and no header that belongs to the connection", async () => {
  const receiver = await open({ statuses: [200] });
  const headers = {
    "X-Runner-Signature": "sha256=00",
    Host: "elsewhere",
    "Content-Length": "3",
    "Transfer-Encoding": "chunked",
    Connection: "close",
    "Accept-Encoding": "gzip",
  };
  await sender.send(requestTo(`${receiver.url}?a=1`, { method: "PUT", headers }));
  const [request] = receiver.requests;
  expect(request).toMatchObject({ method: "PUT", path: "/hook?a=1" });
  expect(request?.body.toString()).toBe('{"id":"evt_1"}');
  expect(request?.headers).toMatchObject({
    "x-runner-signature": "sha256=00",
    host: `127.0.0.1:${receiver.port}`,
    "content-length": "14",
    "accept-encoding": "identity",
  });
  expect(request?.headers["user-agent"]).toMatch(/^runner\//);
  expect(request?.headers["transfer-encoding"]).toBeUndefined();
});

test("a delivery is cancelled by its signal, and all are when the sender is closed", async () => {
  const receiver = await open("hangs");
  const own = createSender({ denyPrivate: false, allowHttp: false });
  const abort = new AbortController();
  const [first, second] = [own.send(requestTo(receiver.url), abort.signal), own.send(requestTo(receiver.url))];
  await eventually("two requests", () => receiver.requests.length === 2);
  abort.abort();
  expect(await first).toMatchObject({ type: "failed", error: "cancelled" });
  own.close();
  expect(await second).toMatchObject({ type: "failed", error: "cancelled" });
  expect(await own.send(requestTo(receiver.url))).toMatchObject({ type: "failed", error: "cancelled" });
  expect(receiver.requests).toHaveLength(2);
  await eventually("end of the connections", () => receiver.open() === 0);
});

test("deliveries in close succession share a connection, later ones have a new one", async () => {
  let elapsedMs = 0;
  const clock = { now: () => 0, elapsed: () => elapsedMs, after: () => () => {} };
  const own = createSender({ denyPrivate: false, allowHttp: false, clock });
  const receiver = await open({ statuses: [200] });
  const send = async (): Promise<void> => void (await own.send(requestTo(receiver.url)));
  await send();
  expect(receiver.connections()).toBe(1);
  await send();
  await send();
  expect(receiver.connections()).toBe(2);
  elapsedMs += 5000;
  await send();
  expect(receiver.connections()).toBe(3);
});

test("three hundred receivers that hang make no other fail: it waits for its beginning", async () => {
  const [dead, good] = [await open("hangs"), await open({ statuses: [200] })];
  const hanging = Array.from({ length: 300 }, async () => await sender.send(requestTo(dead.url, { timeoutMs: 500 })));
  const outcome = await sendTo(good, 400);
  expect(outcome).toMatchObject({ type: "answered", status: 200 });
  for (const each of await Promise.all(hanging)) expect(each).toMatchObject({ type: "failed", error: "timeout" });
  expect(dead.requests).toHaveLength(300);
});

test("a header that is named as what every object has is sent as any other", async () => {
  const server = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    fetch: ({ headers }) => new Response(["__proto__", "constructor"].map((name) => headers.get(name)).join()),
  });
  const headers = JSON.parse('{ "__proto__": "x", "constructor": "y" }') as Readonly<Record<string, string>>;
  const outcome = await sender.send(requestTo(server.url.href, { headers }));
  await server.stop(true);
  expect(textOf(outcome)).toBe("x,y");
});
