import { describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import fc from "fast-check";
import { type UnverifiedRequest, verifyInbound } from "../../../src/webhooks/webhooks.ts";

const secret = "a secret";
const now = 1_700_000_000;
const sign = (signed: string | Uint8Array): string => createHmac("sha256", secret).update(signed).digest("hex");

function request(headers: Record<string, string>, body: string | Uint8Array): UnverifiedRequest {
  return { method: "POST", url: "/api/webhooks/x", headers, query: {}, body: Buffer.from(body) };
}

const signedRequests: Readonly<Record<string, (body: Uint8Array) => UnverifiedRequest>> = {
  github: (body) => request({ "x-github-event": "push", "x-hub-signature-256": `sha256=${sign(body)}` }, body),
  slack: (body) => {
    const signed = Buffer.concat([Buffer.from(`v0:${now}:`), body]);
    return request({ "x-slack-signature": `v0=${sign(signed)}`, "x-slack-request-timestamp": `${now}` }, body);
  },
  generic: (body) => request({ "x-webhook-signature": sign(body) }, body),
};

const signatureHeaders = new Set(["x-hub-signature-256", "x-slack-signature", "x-webhook-signature"]);
const options = { secrets: [secret], nowMs: now * 1000 };
const accepted = (candidate: UnverifiedRequest): boolean => verifyInbound(candidate, options).accepted;
/** Not the case of a hexadecimal digit, which says the same. */
const differs = (a: string, b: string): boolean => a.toLowerCase() !== b.toLowerCase();

describe.each(Object.entries(signedRequests))("verifyInbound() of %s", (_name, make) => {
  test("accepts what was signed, whatever the bytes", () => {
    fc.assert(fc.property(fc.uint8Array(), (body) => accepted(make(body))));
  });

  test("refuses a body with one byte changed, added or taken away", () => {
    const change = fc.tuple(
      fc.uint8Array({ minLength: 1, maxLength: 200 }),
      fc.nat(),
      fc.integer({ min: 1, max: 255 }),
    );
    fc.assert(
      fc.property(change, fc.constantFrom("change", "add", "remove"), ([body, place, difference], kind) => {
        const at = place % body.length;
        const bytes = [...body];
        if (kind === "change") bytes[at] = (bytes[at] ?? 0) ^ difference;
        else if (kind === "add") bytes.splice(at, 0, difference);
        else bytes.splice(at, 1);
        return !accepted({ ...make(body), body: Uint8Array.from(bytes) });
      }),
    );
  });

  test("refuses a signature or timestamp with any one character changed, added or taken away", () => {
    const original = make(Buffer.from("{}"));
    const names = Object.keys(original.headers).filter((name) => name !== "x-github-event");
    const mutation = fc.tuple(fc.constantFrom(...names), fc.nat(), fc.string({ unit: "binary", maxLength: 1 }));
    fc.assert(
      fc.property(mutation, fc.nat(1), ([name, place, character], removed) => {
        const text = original.headers[name] ?? "";
        const at = place % (text.length + 1);
        const changed = text.slice(0, at) + character + text.slice(at + removed);
        // The prefix is optional where the digest stands alone, so only a change in the digest counts.
        fc.pre(signatureHeaders.has(name) ? differs(changed, text) : changed !== text);
        return !accepted({ ...original, headers: { ...original.headers, [name]: changed } });
      }),
      { numRuns: 2000 },
    );
  });

  test("refuses it under any other secret", () => {
    const original = make(Buffer.from("{}"));
    fc.assert(
      fc.property(fc.string(), (other) => {
        // HMAC pads a short key with zero bytes (RFC 2104), so those make the same key.
        fc.pre(other.replace(/\0+$/, "") !== secret);
        return !verifyInbound(original, { ...options, secrets: [other] }).accepted;
      }),
    );
  });

  test("accepts it under any list of secrets that has the right one", () => {
    const original = make(Buffer.from("{}"));
    fc.assert(
      fc.property(fc.array(fc.string()), fc.array(fc.string()), (before, after) => {
        return verifyInbound(original, { ...options, secrets: [...before, secret, ...after] }).accepted;
      }),
    );
  });

  test("detects the provider also where no secret is configured", () => {
    const original = make(Buffer.from("{}"));
    expect(verifyInbound(original, { secrets: [], nowMs: 0 })).toMatchObject({ accepted: true, provider: _name });
  });
});

describe("verifyInbound()", () => {
  const headerNames = ["x-github-event", "x-slack-request-timestamp", ...signatureHeaders, "content-type"];
  const texts = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("", "v0=", "sha256=", `${now}`, "0".repeat(64)),
  );
  const requests = fc.record({
    method: fc.string(),
    url: fc.string(),
    headers: fc.dictionary(fc.constantFrom(...headerNames), texts),
    query: fc.dictionary(fc.constantFrom("signature", "__proto__", "a"), texts),
    body: fc.oneof(
      fc.uint8Array(),
      fc.json().map((text) => Buffer.from(text)),
    ),
  });

  test("never throws, and accepts nothing that was not signed", () => {
    fc.assert(
      fc.property(requests, fc.option(fc.string(), { nil: undefined }), fc.integer(), (candidate, provider, nowMs) => {
        const verdict = verifyInbound(candidate, {
          ...(provider !== undefined && { provider }),
          secrets: [secret],
          nowMs,
        });
        return !verdict.accepted && typeof verdict.reason === "string";
      }),
      { numRuns: 3000 },
    );
  });

  test("never throws where no secret is configured", () => {
    fc.assert(fc.property(requests, (candidate) => verifyInbound(candidate, { secrets: [], nowMs: 0 }).accepted));
  });

  test("finds no event type in JSON nested a hundred thousand deep, and does not throw", () => {
    const body = `{"type":${"[".repeat(100_000)}`;
    const slack = request({ "x-slack-signature": "v0=" }, body);
    expect(verifyInbound(slack, { secrets: [], nowMs: 0 })).toEqual({
      accepted: true,
      provider: "slack",
      eventType: "",
    });
  });

  test("prefers github where the headers of two providers are there", () => {
    const both = request({ "x-slack-signature": "v0=", "x-github-event": "push" }, "");
    expect(verifyInbound(both, { secrets: [], nowMs: 0 }).provider).toBe("github");
  });

  test("does not parse the body of a request it refuses", () => {
    const forged = request(
      { "x-slack-signature": `v0=${"0".repeat(64)}`, "x-slack-request-timestamp": `${now}` },
      '{"type":"x"}',
    );
    expect(verifyInbound(forged, options)).toEqual({
      accepted: false,
      provider: "slack",
      eventType: "",
      reason: "signature_mismatch",
    });
  });
});
