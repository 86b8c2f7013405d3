// What others make of the same requests: openssl, and the libraries that providers publish for their receivers.

import { describe, expect, test } from "bun:test";
import { sign as signAsGithub, verify as verifyAsGithub } from "@octokit/webhooks-methods";
import fc from "fast-check";
import { Webhook } from "standardwebhooks";
import Stripe from "stripe";
import { signRequest, verifyInbound, type SignedRequestParts } from "../../../src/webhooks/webhooks.ts";
import { readVectors, type Vector } from "./vectors.ts";

const suites = readVectors();
const now = Date.now();

function texts({ headers, query = {} }: Vector): string {
  return [...Object.values(headers), ...Object.values(query)].join("\n");
}

describe("openssl", () => {
  for (const [provider, vectors] of Object.entries(suites)) {
    const made = vectors.filter(({ command, expected }) => command !== undefined && expected.accepted);
    if (made.length === 0) continue;
    test(`makes the signatures of ${provider} that are accepted`, () => {
      for (const command of new Set(made.map((vector) => vector.command ?? ""))) {
        const child = Bun.spawnSync(["sh", "-c", command]);
        const signature = child.stdout.toString().trim().split(" ").at(-1)?.toLowerCase() ?? "";
        expect(child.exitCode).toBe(0);
        const requests = made.filter((vector) => vector.command === command);
        for (const vector of requests) {
          expect(`${vector.name}: ${texts(vector).toLowerCase()}`).toContain(signature);
        }
      }
    });
  }
});

/** What our sender's side makes. */
function signed(provider: string, secret: string, body: string): SignedRequestParts {
  const url = "http://127.0.0.1:8080/api/webhooks/x";
  const request = { provider, secret, url, eventType: "push", deliveryId: "d-1", contentType: "application/json" };
  return signRequest({ ...request, body: Buffer.from(body), nowMs: now });
}

function accepts(provider: string, secret: string, headers: Readonly<Record<string, string>>, body: string): boolean {
  const request = { method: "POST", url: "/", headers, query: {}, body: Buffer.from(body) };
  return verifyInbound(request, { provider, secrets: [secret], nowMs: now }).accepted;
}

const someText = fc.string({ unit: "grapheme", minLength: 1 });
const secrets = someText.filter((text) => !text.startsWith("whpk_"));

describe("@octokit/webhooks-methods", () => {
  test("signs what is accepted, and accepts what runner signs", async () => {
    const property = fc.asyncProperty(secrets, someText, async (secret, body) => {
      const theirs = { "x-github-event": "push", "x-hub-signature-256": await signAsGithub(secret, body) };
      const ours = signed("github", secret, body).headers["x-hub-signature-256"] ?? "";
      return accepts("github", secret, theirs, body) && (await verifyAsGithub(secret, body, ours));
    });
    await fc.assert(property);
  });

  test("agrees on every vector of github with a text and a signature", async () => {
    for (const { name, secrets: keys, headers, body, expected, algorithm } of suites["github"] ?? []) {
      const signature = headers["x-hub-signature-256"];
      const isOther = algorithm !== undefined || expected.reason === "provider_mismatch" || keys.length === 0;
      if (!signature || !body || isOther || keys.includes("")) continue;
      const verdicts = await Promise.all(keys.map((key) => verifyAsGithub(key, body, signature)));
      // The library takes digits in lower case alone.
      if (name !== "upper-case digits")
        expect(`${name} ${verdicts.includes(true)}`).toBe(`${name} ${expected.accepted}`);
    }
  });
});

describe("stripe", () => {
  async function accepted(header: string, body: string, secret: string, toleranceMs: number, atMs: number) {
    const check = Stripe.webhooks.signature?.verifyHeaderAsync(
      body,
      header,
      secret,
      toleranceMs / 1000,
      undefined,
      atMs,
    );
    return (await check?.catch(() => false)) ?? false;
  }

  test("signs what is accepted, and accepts what runner signs", async () => {
    const property = fc.asyncProperty(secrets, fc.json(), async (secret, payload) => {
      const timestamp = Math.floor(now / 1000);
      const theirs = await Stripe.webhooks.generateTestHeaderStringAsync({ payload, secret, timestamp });
      const ours = signed("stripe", secret, payload).headers["stripe-signature"] ?? "";
      const both = accepts("stripe", secret, { "stripe-signature": theirs }, payload);
      return both && (await accepted(ours, payload, secret, 300_000, now));
    });
    await fc.assert(property);
  });

  test("accepts every vector of stripe that is accepted", async () => {
    for (const vector of suites["stripe"] ?? []) {
      const { secrets: keys, headers, body = "", expected, now_ms: atMs, tolerance_ms: toleranceMs = 300_000 } = vector;
      if (!expected.accepted || body === "") continue;
      const header = headers["stripe-signature"] ?? "";
      const verdicts = await Promise.all(keys.map((key) => accepted(header, body, key, toleranceMs, atMs)));
      expect(`${vector.name} ${verdicts.includes(true)}`).toBe(`${vector.name} true`);
    }
  });
});

describe("standardwebhooks", () => {
  const keys = fc
    .uint8Array({ minLength: 24, maxLength: 64 })
    .map((key) => `whsec_${Buffer.from(key).toString("base64")}`);

  test.each(["standard", "gitlab"])("signs what is accepted of %s, and accepts what runner signs", (provider) => {
    const property = fc.property(keys, fc.json(), (secret, body) => {
      const webhook = new Webhook(secret);
      const theirs = {
        "webhook-id": "msg_1",
        "webhook-timestamp": `${Math.floor(now / 1000)}`,
        "webhook-signature": webhook.sign("msg_1", new Date(now), body),
      };
      webhook.verify(body, { "webhook-id": "", ...signed(provider, secret, body).headers });
      return accepts(provider, secret, provider === "gitlab" ? { ...theirs, "x-gitlab-event": "x" } : theirs, body);
    });
    fc.assert(property);
  });
});
