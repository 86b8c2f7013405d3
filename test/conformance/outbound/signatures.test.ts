// Deliveries as receivers verify them: published vectors, the library of Standard Webhooks, and the seed's own Python.

import { beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { join } from "node:path";
import { Webhook } from "standardwebhooks";
import { type DeliveryToSign, signDelivery, standardKey, verifyInbound } from "../../../src/webhooks/webhooks.ts";
import secretVectors from "./secrets.json" with { type: "json" };
import standardVectors from "./standard-webhooks.json" with { type: "json" };

const verifier = join(import.meta.dir, "../../fixtures/seed-003/verify_webhook.py");
const now = Math.floor(Date.now() / 1000);
const madeSecrets = ["whsec_AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=", "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"];
const payloads = ['{"id":"evt_1"}', "", "\u{1F680} ünïcode", '{"a":"\\u0000\\n"}', " spaces \n"];

function sign(body: string, options: Partial<DeliveryToSign> = {}): Readonly<Record<string, string>> {
  const whole = { secrets: madeSecrets.slice(0, 1), signatureHeader: "X-Sensei-Signature", id: "evt_1", attempt: 1 };
  return signDelivery({ ...whole, timestampSeconds: now, body: Buffer.from(body), ...options });
}

describe("Standard Webhooks", () => {
  test.each(standardVectors)("signs as $source publishes", ({ secret, id, timestamp, body, signature }) => {
    const headers = sign(body, { secrets: [secret], id, timestampSeconds: timestamp });
    expect(headers).toMatchObject({
      "webhook-id": id,
      "webhook-timestamp": String(timestamp),
      "webhook-signature": signature,
    });
  });

  test.each(secretVectors)("$secret holds a key of $key_bytes bytes", ({ secret, key_bytes: bytes }) => {
    expect(standardKey(secret)?.length ?? null).toBe(bytes);
    expect(Object.keys(sign("{}", { secrets: [secret] }))).toEqual([
      "X-Sensei-Signature",
      ...(bytes === null ? [] : ["webhook-id", "webhook-timestamp", "webhook-signature"]),
    ]);
  });

  test("the library accepts what is signed, whatever is sent and whichever secret it has", () => {
    const keys = fc.uint8Array({ minLength: 24, maxLength: 64 }).map((key) => `whsec_${key.toBase64()}`);
    const property = fc.property(keys, keys, fc.json(), fc.integer({ min: 1, max: 14 }), (a, b, body, attempt) => {
      const headers = { ...sign(body, { secrets: [a, b], attempt }) };
      for (const secret of [a, b]) new Webhook(secret).verify(body, headers);
    });
    fc.assert(property);
  });

  test("a changed byte, id or time is not accepted", () => {
    const webhook = new Webhook(madeSecrets[0] ?? "");
    const headers = { ...sign('{"a":1}') };
    expect(() => webhook.verify('{"a":2}', headers)).toThrow();
    expect(() => webhook.verify('{"a":1}', { ...headers, "webhook-id": "evt_2" })).toThrow();
    expect(() => webhook.verify('{"a":1}', { ...headers, "webhook-timestamp": String(now + 1) })).toThrow();
    expect(() => webhook.verify('{"a":1}', headers)).not.toThrow();
  });

  test("another runner takes them, as provider standard and as generic", () => {
    const body = Buffer.from('{"type":"run.failed"}');
    const headers = sign(body.toString(), { signatureHeader: "x-webhook-signature" });
    const request = { method: "POST", url: "/", headers, query: {}, body };
    for (const provider of ["standard", "generic"]) {
      const verdict = verifyInbound(request, { provider, secrets: madeSecrets, nowMs: now * 1000 });
      expect([provider, verdict.accepted]).toEqual([provider, true]);
    }
  });
});

describe("the seed's Python", () => {
  beforeAll(() => {
    if (Bun.which("python3") === null) throw new Error("python3 is not installed: it is the receiver of these tests");
  });

  function verify(given: readonly (readonly [payload: string, signature: string, secret: string])[]): boolean[] {
    const child = Bun.spawnSync(["python3", verifier], {
      stdin: Buffer.from(JSON.stringify(given)),
      stderr: "inherit",
    });
    expect(child.exitCode).toBe(0);
    return JSON.parse(child.stdout.toString()) as boolean[];
  }

  test("accepts every body with every secret, and no other secret's", () => {
    const secrets = [...secretVectors.map(({ secret }) => secret), "short", "ümläut", "  spaces  "];
    const given = secrets.flatMap((secret) =>
      payloads.map((body) => [body, sign(body, { secrets: [secret] })["X-Sensei-Signature"] ?? "", secret] as const),
    );
    expect(verify(given)).toEqual(given.map(() => true));
    const others = given.map(([body, signature, secret]) => [body, signature, `${secret}x`] as const);
    expect(verify(others)).toEqual(others.map(() => false));
  });

  test("accepts one of two attempts while a secret is exchanged, whichever of the two it has", () => {
    const [fresh = "", old = ""] = madeSecrets;
    const signatures = [1, 2, 3].map((attempt) => sign("{}", { secrets: [fresh, old], attempt })["X-Sensei-Signature"]);
    const verdicts = (secret: string) => verify(signatures.map((signature) => ["{}", signature ?? "", secret]));
    expect(verdicts(old)).toEqual([true, false, true]);
    expect(verdicts(fresh)).toEqual([false, true, false]);
  });

  test("finds the other signature in the header beside it", () => {
    const [fresh = "", old = ""] = madeSecrets;
    const headers = [1, 2].map((attempt) => sign("{}", { secrets: [fresh, old], attempt }));
    const others = headers.map((each) => each["X-Sensei-Signature-Other"] ?? "");
    expect(
      verify([
        ["{}", others[0] ?? "", fresh],
        ["{}", others[1] ?? "", old],
      ]),
    ).toEqual([true, true]);
  });
});
