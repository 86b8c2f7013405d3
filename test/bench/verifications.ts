// How many webhooks of 2 KB are verified in a second on one core, by provider, beside the bare HMAC of the same bytes.

import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import { type ProviderName, providerNames } from "../../src/core/webhook-provider.ts";
import { findProvider, signRequest, type UnverifiedRequest, verifyInbound } from "../../src/webhooks/webhooks.ts";
import { cpuSeconds } from "./cpu-time.ts";
import { median } from "./statistics.ts";

const roundMs = 300;
const rounds = 5;
const nowMs = Date.now();
const publicUrl = "https://box.example.org";
const body = Buffer.from(
  JSON.stringify({
    id: "evt_1",
    type: "push",
    event: { id: "e", event_type: "incident.triggered" },
    text: "x".repeat(1968),
  }),
);

const { publicKey, privateKey } = generateKeyPairSync("ed25519");

function secretOf(provider: ProviderName): string {
  if (provider === "discord")
    return Buffer.from(publicKey.export({ format: "jwk" }).x ?? "", "base64url").toString("hex");
  return provider === "standard" || provider === "gitlab"
    ? "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
    : "a secret of ours";
}

function requestOf(provider: ProviderName): UnverifiedRequest {
  const url = `${publicUrl}/api/webhooks/deploy`;
  if (provider === "discord") {
    const time = String(Math.floor(nowMs / 1000));
    const signature = sign(null, Buffer.concat([Buffer.from(time), body]), privateKey).toString("hex");
    const headers = { "x-signature-ed25519": signature, "x-signature-timestamp": time };
    return { method: "POST", url, headers, query: {}, body };
  }
  const contentType = provider === "twilio" ? "application/x-www-form-urlencoded" : "application/json";
  const form = provider === "twilio" ? Buffer.from(`Body=${"x".repeat(2000)}&From=%2B14158675309`) : body;
  const origin = { provider, secret: secretOf(provider), eventType: "push", deliveryId: "d", nowMs };
  const made = signRequest({ ...origin, url, contentType, body: form });
  return { method: "POST", url: "/api/webhooks/deploy", headers: made.headers, query: {}, body: made.body };
}

/** In a second of one core; the middle one of several rounds. */
function rate(verify: () => boolean): number {
  const rates: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    let count = 0;
    const seconds = cpuSeconds(() => {
      const startedAt = performance.now();
      while (performance.now() - startedAt < roundMs) {
        for (let index = 0; index < 100; index += 1) if (!verify()) throw new Error("a genuine request was refused");
        count += 100;
      }
    });
    rates.push(count / seconds);
  }
  return median(rates);
}

const isSigned = (provider: ProviderName): boolean =>
  findProvider(provider)?.schemes[0]?.forms.some(({ algorithm }) => algorithm !== "token") === true;

const perSecond = Object.fromEntries(
  providerNames.filter(isSigned).map((provider) => {
    const request = requestOf(provider);
    const options = { provider, secrets: [secretOf(provider)], publicUrl, nowMs };
    return [provider, rate(() => verifyInbound(request, options).accepted)];
  }),
);
const bare = rate(() => createHmac("sha256", "a secret of ours").update(body).digest().length === 32);
console.log(JSON.stringify({ bytes: body.length, bare, perSecond }));
