// Ten thousand requests of somebody who may not send any, and of somebody who cannot: none starts a run, none is an error
// of the server's, and none leaves anything in its memory.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { readFileSync } from "node:fs";
import { type HttpConnection, openHttpConnection } from "../bench/http-connection.ts";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";

const half = 5000;
const connections = 20;
const secret = "a secret of the tests";

const pipelines = {
  "signed.ts": `export const config = { webhook: { provider: "github", secret: "env:S" } };
    export const pipeline = () => "ran";`,
  "any.ts": `export const config = { webhook: { secret: ["env:S", "env:T"], rate: { perMinute: 3 } } };
    export const pipeline = () => "ran";`,
  "near.ts": `export const config = { webhook: { allow: ["192.0.2.0/24"] } };
    export const pipeline = () => "ran";`,
  "slow.ts": `export const config = { webhook: { rate: { perAddressPerMinute: 1 }, when: "payload.a.b.c == 1" } };
    export const pipeline = () => "ran";`,
};

let server: BinaryServer;
beforeAll(async () => {
  server = await BinaryServer.start({
    pipelines,
    env: { S: secret, T: "another one" },
    args: ["--trusted-proxies=127.0.0.1"],
  });
});
afterAll(async () => {
  await server.remove();
});

const hmac = (body: string): string => createHmac("sha256", secret).update(body).digest("hex");
const brackets = "[".repeat(100_000);

/** What is behind `POST /api/webhooks/`: pipeline, further lines of the head, body. `number` makes each another one. */
type Attempt = (number: number) => readonly [pipeline: string, headers: string, body: string | Uint8Array];

const attempts: readonly Attempt[] = [
  (number) => ["signed", "X-GitHub-Event: push", `{"number":${number}}`],
  (number) => ["signed", `X-GitHub-Event: push\r\nX-Hub-Signature-256: sha256=${hmac(`other ${number}`)}`, "{}"],
  () => ["signed", `X-GitHub-Event: push\r\nX-Hub-Signature-256: sha256=${"zz".repeat(32)}`, "{}"],
  () => ["signed", "X-GitHub-Event: push\r\nX-Hub-Signature-256: sha256=ab", "{}"],
  () => ["signed", `X-GitHub-Event: push\r\nX-Hub-Signature-256: ${hmac("{}").toUpperCase()}`, "{ }"],
  () => ["signed", "X-GitHub-Event: push\r\nX-Hub-Signature-256: sha256=\xff\xfe", "{}"],
  () => ["signed", `X-Gitlab-Event: Push Hook\r\nX-Gitlab-Token: ${secret}`, "{}"],
  (number) => ["any", `X-Slack-Signature: v0=${hmac("")}\r\nX-Slack-Request-Timestamp: ${number}`, "{}"],
  () => ["any", `X-Slack-Signature: v0=${hmac("")}\r\nX-Slack-Request-Timestamp: 99999999999999999999`, "{}"],
  () => ["any", `Stripe-Signature: ${"t=1,v1=00,".repeat(500)}`, "{}"],
  () => ["any", `webhook-signature: ${"v1,AAAA ".repeat(500)}\r\nwebhook-id: 1\r\nwebhook-timestamp: 1`, "{}"],
  (number) => ["any?signature=%ff%00%zz", "", `${number}`],
  () => ["any", "Linear-Event: Issue\r\nLinear-Signature: 00", brackets],
  () => ["any", `X-Webhook-Signature: ${hmac("")}`, `{"a":${brackets}`],
  () => ["any", "", '{"__proto__":{"constructor":'],
  () => ["any", "X-Webhook-Signature: 00", new Uint8Array(3000).fill(0xff)],
  () => ["any", `X-Long: ${"x".repeat(40_000)}`, "{}"],
  () => ["any", Array.from({ length: 100 }, (_, index) => `X-${index}: 1`).join("\r\n"), "{}"],
  () => ["any", "Content-Encoding: gzip", new Uint8Array([0x1f, 0x8b, 8])],
  (number) => [`nobody-${number}`, "", "{}"],
  () => ["any%ff%", "", "{}"],
  () => ["../../etc/passwd", "", "{}"],
  (number) => ["near", `X-Forwarded-For: 198.51.100.${number % 256}`, "{}"],
  (number) => ["near", `X-Forwarded-For: 192.0.2.1, 2001:db8:${(number % 65_536).toString(16)}::1`, "{}"],
  () => ["slow", "X-Forwarded-For: 198.51.100.1", `{"a":null}`],
  () => ["slow", "X-Forwarded-For: 192.0.2.1, unknown", brackets],
];

function write(attempt: Attempt, number: number): Uint8Array {
  const [target, headers, body] = attempt(number);
  const method = ["POST", "PUT", "PROPFIND", "DELETE"][number % 4] ?? "POST";
  const bytes = typeof body === "string" ? Buffer.from(body) : body;
  const head = `${method} /api/webhooks/${target} HTTP/1.1\r\nHost: e2e\r\n${headers === "" ? "" : `${headers}\r\n`}`;
  return Buffer.concat([Buffer.from(`${head}Content-Length: ${bytes.length}\r\n\r\n`, "latin1"), bytes]);
}

/** Sends them all; how many had which status. */
async function flood(count: number): Promise<Record<number, number>> {
  const port = Number(new URL(server.url).port);
  const statuses: Record<number, number> = {};
  let sent = 0;
  const sender = async (): Promise<void> => {
    let connection: HttpConnection | null = null;
    while (sent < count) {
      const number = sent++;
      const bytes = write(attempts[number % attempts.length] ?? (() => ["any", "", ""]), number);
      connection ??= await openHttpConnection(port);
      const status = await connection.send(bytes);
      statuses[status] = (statuses[status] ?? 0) + 1;
      // After some of them the server closes it, and after all of them it may.
      connection.close();
      connection = null;
    }
  };
  await Promise.all(Array.from({ length: connections }, sender));
  return statuses;
}

function memoryBytes(): number {
  const status = readFileSync(`/proc/${String(server.pid)}/status`, "utf8");
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
}

test("ten thousand forged and malformed requests: no run, no 5xx, and no memory", async () => {
  // Code that is compiled and buffers that grow once are no leak.
  await flood(half);
  const before = memoryBytes();
  const statuses = await flood(half);
  const after = memoryBytes();
  expect(Object.values(statuses).reduce((sum, count) => sum + count, 0)).toBe(half);
  const expected = new Set(["202", "400", "401", "403", "404", "413", "415", "429", "431"]);
  expect(Object.keys(statuses).filter((status) => !expected.has(status))).toEqual([]);
  // A condition that has no value is a skipped request; one address may send one a minute.
  expect(statuses[202] ?? 0).toBeLessThanOrEqual(3);
  for (const status of [400, 401, 403, 404, 415, 429, 431]) expect(statuses[status]).toBeGreaterThan(half / 100);
  expect(await server.listRuns()).toEqual([]);
  expect(server.isAlive).toBe(true);
  // Seven kilobytes of each request, had they stayed.
  expect((after - before) / half).toBeLessThan(7 * 1024);
  const body = "{}";
  const headers = { "x-github-event": "push", "x-hub-signature-256": `sha256=${hmac(body)}` };
  const answer = await fetch(`${server.url}/api/webhooks/signed`, { method: "POST", body, headers });
  expect(answer.status).toBe(202);
}, 120_000);
