// Webhooks of several providers through the engine: what is believed, what is recorded, and what the script sees.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import type { InboundRecord, Store, Write } from "../../../src/store/store.ts";
import type { WebhookConfig } from "../../../src/core/pipeline-config.ts";
import { signRequest } from "../../../src/webhooks/webhooks.ts";
import { EngineHarness } from "../../fixtures/harness/engine-harness.ts";

const publicUrl = "https://box.example.org/runner";
const script = `export const pipeline = () => {
  const { provider, eventType, url, headers, query, body, bodyBase64 } = http.request();
  http.respond({ body: JSON.stringify({ provider, eventType, url, headers, query, body, bodyBase64 }) });
};`;

let harness: EngineHarness;
/** In the order in which they were written. */
const records: InboundRecord[] = [];

function recording(store: Store): Store {
  const commit = async (writes: readonly Write[]): Promise<void> => {
    for (const write of writes) if (write.type === "inbound.put") records.push(write.record);
    await store.commit(writes);
  };
  return new Proxy(store, { get: (target, name) => (name === "commit" ? commit : bound(target, name)) });
}

function bound(target: Store, name: string | symbol): unknown {
  const value: unknown = Reflect.get(target, name);
  return typeof value === "function" ? (value.bind(target) as unknown) : value;
}

beforeAll(async () => {
  harness = await EngineHarness.open({ publicUrl, wrapStore: recording });
});
afterAll(async () => await harness.close());

interface Seen {
  readonly provider: string;
  readonly eventType: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: string;
  readonly bodyBase64: string;
}

interface Sent {
  readonly path?: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

let count = 0;

/** What the script saw, or the code of the refusal and its reason on record. */
async function send(webhook: WebhookConfig, { path = "", headers, body }: Sent): Promise<Seen | string> {
  const pipeline = `hook-${count++}`;
  await harness.add(pipeline, script, { webhook });
  const url = `/api/webhooks/${pipeline}${path}`;
  const query = Object.fromEntries(new URL(url, publicUrl).searchParams);
  try {
    const answer = await harness.receive(pipeline, { url, headers, query, body });
    return answer.type === "response" ? (JSON.parse(answer.body) as Seen) : answer.type;
  } catch (error) {
    // It is recorded a moment after its answer, or when somebody looks.
    await harness.engine.listRequests({ limit: 1 });
    return `${(error as { code: string }).code} ${records.at(-1)?.reason ?? ""}`;
  }
}

const hmac = (secret: string, text: string | Uint8Array): string =>
  createHmac("sha256", secret).update(text).digest("hex");
const push = Buffer.from('{"ref":"refs/heads/main"}');
const github = (secret: string) => ({
  "x-github-event": "push",
  "x-hub-signature-256": `sha256=${hmac(secret, push)}`,
});

describe("several secrets", () => {
  test("are each believed while a secret is changed, and no others", async () => {
    const webhook = { provider: "github", secret: ["new", "env:KEY"] };
    expect(await send(webhook, { headers: github("new"), body: push })).toMatchObject({ provider: "github" });
    expect(await send(webhook, { headers: github("key"), body: push })).toMatchObject({ eventType: "push" });
    const refusal = "SIGNATURE_INVALID signature_mismatch";
    expect(await send(webhook, { headers: github("old"), body: push })).toBe(refusal);
  });

  test("of which one cannot be read close the webhook", async () => {
    const webhook = { secret: ["new", "env:NOT_SET"] };
    expect(await send(webhook, { headers: github("new"), body: push })).toStartWith("SECRET_MISSING");
  });
});

test("the tolerance of a pipeline counts instead of the provider's own", async () => {
  const t = Math.floor(Date.now() / 1000) - 400;
  const headers = { "stripe-signature": `t=${t},v1=${hmac("s", `${t}.{}`)}` };
  const request = { headers, body: Buffer.from("{}") };
  const refusal = "SIGNATURE_INVALID timestamp_outside_tolerance";
  expect(await send({ provider: "stripe", secret: "s" }, request)).toBe(refusal);
  expect(await send({ provider: "stripe", secret: "s", toleranceMs: 600_000 }, request)).toMatchObject({
    provider: "stripe",
  });
});

test("Twilio's signature is held against the public address", async () => {
  const url = `${publicUrl}/api/webhooks/hook-${count}?a=1`;
  const text = `${url}Bodyhi thereFrom+1`;
  const signature = createHmac("sha1", "tok").update(text).digest("base64");
  const headers = { "content-type": "application/x-www-form-urlencoded", "x-twilio-signature": signature };
  const body = Buffer.from("From=%2B1&Body=hi+there");
  expect(await send({ provider: "twilio", secret: "tok" }, { path: "?a=1", headers, body })).toMatchObject({
    provider: "twilio",
  });
});

describe("bodyBase64", () => {
  test.each([
    ["of bytes that are no text", Buffer.from([0, 255, 0xc3, 0x28])],
    ["of a text", Buffer.from('{"who":"Jürgen 😀"}')],
    ["of a text with a byte order mark", Buffer.from("\uFEFFx")],
    ["of nothing", Buffer.alloc(0)],
  ])("%s is exactly what was received and signed", async (_, body) => {
    const seen = await send({ secret: "s" }, { headers: { "x-webhook-signature": hmac("s", body) }, body });
    expect(seen).toMatchObject({ provider: "generic", bodyBase64: body.toString("base64") });
    expect(Buffer.from(records.at(-1)?.request.body ?? [])).toEqual(body);
  });
});

describe("a secret that is sent in clear", () => {
  const secret = "user:hunter2-in-clear";
  const providers = ["gitlab", "honeybadger", "meraki", "homeassistant", "dockerhub", "bearer", "basic"];

  function findIn(text: string): boolean {
    return [secret, encodeURIComponent(secret), Buffer.from(secret).toString("base64")].some((form) =>
      text.includes(form),
    );
  }

  test.each(providers)("by %s is neither in the record nor seen by the script", async (provider) => {
    const origin = { provider, secret, eventType: "x", deliveryId: "d", contentType: "application/json" };
    const made = signRequest({ ...origin, body: Buffer.from('{"a":1}'), url: `${publicUrl}/?b=2`, nowMs: 0 });
    const { search } = new URL(made.url);
    const seen = await send({ provider, secret }, { path: search, headers: made.headers, body: made.body });
    expect(seen).toMatchObject({ provider, query: { b: "2" } });
    expect(findIn(JSON.stringify(seen))).toBe(false);
    const record = records.at(-1);
    expect(record?.verdict).toBe("accepted");
    expect(
      findIn(JSON.stringify({ ...record?.request, body: Buffer.from(record?.request.body ?? []).toString() })),
    ).toBe(false);
  });

  test("is not in the record of a refused request", async () => {
    const body = Buffer.from('{"sharedSecret":"hunter2-in-clear"}');
    const headers = { authorization: "Bearer hunter2-in-clear" };
    expect(await send({ provider: "meraki", secret: "other" }, { headers, body })).toBe(
      "SIGNATURE_INVALID signature_mismatch",
    );
    const request = records.at(-1)?.request;
    expect([request?.headers, Buffer.from(request?.body ?? []).toString()]).toEqual([
      { authorization: "Bearer ********" },
      "{}",
    ]);
  });
});
