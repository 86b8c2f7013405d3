// Webhooks with bodies of the greatest size there may be, all the way from the socket to the script.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { runBinary } from "../fixtures/harness/run-binary.ts";

const mebibyte = 1024 ** 2;
const secret = "a secret of the tests";
const config = (memory: string): string =>
  `export const config = { memory: "${memory}", webhook: { provider: "github", secret: "env:S", maxBody: "25MiB", when: 'len(payload) > 1 && payload[0].secret != nil' } };`;

const pipelines = {
  "large.ts": `${config("215MiB")}
    export const pipeline = async () => {
      const { body, bodyBase64 } = http.request();
      const payload = JSON.parse(body);
      http.respond({ body: JSON.stringify([body.length, bodyBase64.length, payload.length, payload[0].secret, webhookTrigger("payload[1].n == 1")]) });
      // It is executed again, in another process, from what is stored.
      await sleep("61s");
    };`,
  "small.ts": `${config("64MiB")} export const pipeline = () => 1;`,
};

let server: BinaryServer;
beforeAll(async () => {
  server = await BinaryServer.start({ pipelines, env: { S: secret } });
});
afterAll(async () => {
  await server.remove();
});

function post(pipeline: string, body: string | Uint8Array<ArrayBuffer>): Promise<Response> {
  const signature = createHmac("sha256", secret).update(body).digest("hex");
  const headers = { "x-github-event": "push", "x-hub-signature-256": `sha256=${signature}` };
  return fetch(`${server.url}/api/webhooks/${pipeline}`, { method: "POST", body, headers });
}

function jsonOf(bytes: number): string {
  const items = [{ secret, text: "x" }];
  const text = "the quick brown fox jumps over the lazy dog ".repeat(20);
  for (let length = 100; length < bytes - 1000; length += text.length + 40)
    items.push({ n: items.length, text } as never);
  const json = JSON.stringify(items);
  return json + " ".repeat(bytes - json.length);
}

test("25 MiB of JSON are verified, stored without the secret in them, and parsed by condition and script", async () => {
  const body = jsonOf(25 * mebibyte);
  const answer = await post("large", body);
  // The server's own secret is masked in what a script sees.
  const shorter = body.length - secret.length + "***".length;
  expect([answer.status, await answer.json()]).toEqual([
    200,
    [shorter, Math.ceil(shorter / 3) * 4, expect.any(Number), "***", true],
  ]);
  const [run] = await server.listRuns("pipeline=large");
  expect(run?.status).toMatch(/running|waiting/);
});

test("one byte more is 413, and what has no room in its sandbox does not load", async () => {
  expect((await post("large", new Uint8Array(25 * mebibyte + 1))).status).toBe(413);
  expect((await post("small", "{}")).status).toBe(409);
  const checked = await runBinary(server.workspace, ["check"]);
  expect(checked.stdout + checked.stderr).toContain('write memory: "215MiB"');
  expect(server.isAlive).toBe(true);
});

test("twenty of them at once are each answered, with 503 where there is no room, and the server goes on", async () => {
  const body = jsonOf(25 * mebibyte);
  const answers = await Promise.all(Array.from({ length: 20 }, async () => (await post("large", body)).status));
  const expected = [200, 202, 503];
  expect(answers.filter((status) => !expected.includes(status))).toEqual([]);
  expect(answers.filter((status) => status !== 503).length).toBeGreaterThan(0);
  expect(answers.filter((status) => status === 503).length).toBeGreaterThan(0);
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
  const memory = /^VmHWM:\s+(\d+) kB$/m.exec(await Bun.file(`/proc/${String(server.pid)}/status`).text())?.[1];
  // What is read at once is 128 MiB at most, of which there are a few copies on the way.
  expect(Number(memory) / 1024).toBeLessThan(12 * 128);
}, 120_000);
