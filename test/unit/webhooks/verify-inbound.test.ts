import { describe, expect, test } from "bun:test";
import { createHmac, generateKeyPairSync, sign } from "node:crypto";
import fc from "fast-check";
import { type ProviderName, providerNames } from "../../../src/core/webhook-provider.ts";
import {
  findProvider,
  signRequest,
  type UnverifiedRequest,
  verifyInbound,
  type VerifyOptions,
} from "../../../src/webhooks/webhooks.ts";

const nowMs = 1_700_000_000_000;
const publicUrl = "https://box.example.org";
const secret = "a secret";
const keys = generateKeyPairSync("ed25519");
const publicKey = Buffer.from(String(keys.publicKey.export({ format: "jwk" }).x), "base64url").toString("hex");
const base64Key = `whsec_${Buffer.from("0123456789abcdef01234567").toString("base64")}`;

/** Whose signature is not over the body. */
const tokenProviders: readonly ProviderName[] = [
  "gitlab",
  "honeybadger",
  "meraki",
  "homeassistant",
  "dockerhub",
  "bearer",
  "basic",
];
const signsJson: readonly ProviderName[] = ["linear", "meraki"];

function secretOf(name: ProviderName): string {
  return name === "discord" ? publicKey : name === "standard" ? base64Key : secret;
}

function optionsFor(name: ProviderName): VerifyOptions {
  return { provider: name, secrets: [secretOf(name)], publicUrl, nowMs };
}

const accepts = (name: ProviderName, request: UnverifiedRequest): boolean =>
  verifyInbound(request, optionsFor(name)).accepted;

/** A request as this provider sends it. */
function make(name: ProviderName, body: Uint8Array): UnverifiedRequest {
  if (name === "discord") return signedByDiscord(body);
  const contentType = name === "twilio" ? "application/x-www-form-urlencoded" : "application/json";
  const origin = { provider: name, secret: secretOf(name), eventType: "push", deliveryId: "d-1" };
  const made = signRequest({ ...origin, body, contentType, url: `${publicUrl}/api/webhooks/x`, nowMs });
  const { pathname, search, searchParams } = new URL(made.url);
  return {
    method: "POST",
    url: pathname + search,
    headers: made.headers,
    query: Object.fromEntries(searchParams),
    body: made.body,
  };
}

function signedByDiscord(body: Uint8Array): UnverifiedRequest {
  const time = String(nowMs / 1000);
  const signature = sign(null, Buffer.concat([Buffer.from(time), body]), keys.privateKey).toString("hex");
  const headers = { "x-signature-ed25519": signature, "x-signature-timestamp": time };
  return { method: "POST", url: "/", headers, query: {}, body };
}

function bodiesOf(name: ProviderName): fc.Arbitrary<Uint8Array> {
  const objects = fc.dictionary(fc.string(), fc.jsonValue()).map((value) => Buffer.from(JSON.stringify(value)));
  const forms = fc
    .dictionary(fc.string(), fc.string())
    .map((value) => Buffer.from(new URLSearchParams(value).toString()));
  if (name === "twilio") return forms;
  return signsJson.includes(name) ? objects : fc.uint8Array({ maxLength: 200 });
}

/** Headers that prove something: each of their characters counts. */
function provingHeaders(name: ProviderName, headers: Readonly<Record<string, string>>): readonly string[] {
  const schemes = findProvider(name)?.schemes ?? [];
  const names = schemes.flatMap(({ places, timestamp, signed }) => [
    ...places.filter((place) => place.in === "header").map((place) => place.name),
    ...(timestamp?.in === "header" ? [timestamp.name] : []),
    ...signed.filter((part) => part.part === "header").map((part) => part.name),
  ]);
  return names.filter((header) => headers[header] !== undefined);
}

/** Not the case of a hexadecimal digit, which says the same, nor that of `Bearer`. */
const differs = (a: string, b: string): boolean => a.toLowerCase() !== b.toLowerCase();

/** Instead of `test` where there is nothing to test. */
const never = (_title: string, _body: () => void): void => undefined;

describe.each([...providerNames])("verifyInbound() of %s", (name) => {
  const bodies = bodiesOf(name);
  const example = make(name, Buffer.from(name === "twilio" ? "a=1&b=2" : "{}"));

  test("accepts what was signed, whatever the body", () => {
    fc.assert(fc.property(bodies, (body) => accepts(name, make(name, body))));
  });

  const signsBytes = !tokenProviders.includes(name) && name !== "twilio";
  (signsBytes ? test : never)("refuses a body with one byte changed", () => {
    const change = fc.tuple(bodies, fc.nat(), fc.integer({ min: 1, max: 255 }));
    fc.assert(
      fc.property(change, fc.constantFrom("change", "add", "remove"), ([original, place, difference], kind) => {
        const request = make(name, original);
        const bytes = [...request.body];
        fc.pre(bytes.length > 0);
        const at = place % bytes.length;
        if (kind === "change") bytes[at] = (bytes[at] ?? 0) ^ difference;
        else if (kind === "add") bytes.splice(at, 0, difference);
        else bytes.splice(at, 1);
        return !accepts(name, { ...request, body: Uint8Array.from(bytes) });
      }),
    );
  });

  const proving = provingHeaders(name, example.headers);
  (proving.length > 0 ? test : never)("refuses a proof with any one character changed, added or taken away", () => {
    const mutation = fc.tuple(fc.constantFrom(...proving), fc.nat(), fc.string({ unit: "binary", maxLength: 1 }));
    fc.assert(
      fc.property(mutation, fc.nat(1), ([header, place, character], removed) => {
        const text = example.headers[header] ?? "";
        const at = place % (text.length + 1);
        const changed = text.slice(0, at) + character + text.slice(at + removed);
        fc.pre(differs(changed, text));
        return !accepts(name, { ...example, headers: { ...example.headers, [header]: changed } });
      }),
      { numRuns: 1000 },
    );
  });

  test("refuses it under any other secret", () => {
    const others = fc.string().filter((other) => other.replace(/\0+$/, "") !== secret);
    const property = fc.property(others, (other) => {
      // HMAC pads a short key with zero bytes (RFC 2104), so those make the same key.
      return !verifyInbound(example, { ...optionsFor(name), secrets: [other] }).accepted;
    });
    fc.assert(property);
  });

  test("accepts it under any list of secrets that has the right one", () => {
    fc.assert(
      fc.property(fc.array(fc.string()), fc.array(fc.string()), (before, after) => {
        const secrets = [...before, secretOf(name), ...after];
        return verifyInbound(example, { ...optionsFor(name), secrets }).accepted;
      }),
    );
  });

  test("refuses the headers of another provider where it is pinned and has some of its own", () => {
    const ownsHeaders = (findProvider(name)?.detectedBy.length ?? 0) > 0;
    const other = name === "slack" ? { "x-github-event": "push" } : { "x-slack-signature": "v0=0" };
    const verdict = verifyInbound({ ...example, headers: other }, optionsFor(name));
    expect(!verdict.accepted && verdict.reason === "provider_mismatch").toBe(ownsHeaders);
  });

  test("is detected by its headers alone where it has some", () => {
    const isDetected = (findProvider(name)?.detectedBy.length ?? 0) > 0;
    const provider = isDetected ? name : "generic";
    expect(verifyInbound(example, { secrets: [], nowMs })).toMatchObject({ accepted: true, provider });
  });
});

describe("verifyInbound()", () => {
  test("reads the form that Twilio signs as URLSearchParams does", () => {
    const pieces = fc.constantFrom("x", "y", "=", "&", "+", "%", "%4", "%41", "%zz", "%26", "%c3%A9", "é", "😀");
    const forms = fc.array(pieces, { maxLength: 40 }).map((chosen) => chosen.join(""));
    fc.assert(
      fc.property(forms, (form) => {
        const fields = [...new URLSearchParams(form)].map(([name, value]) => `${name}\0${value}`);
        const text = [...new Set(fields)].toSorted().join("").replaceAll("\0", "");
        const signature = createHmac("sha1", secret).update(`${publicUrl}/x${text}`).digest("base64");
        const headers = {
          "content-type": "application/x-www-form-urlencoded",
          "x-twilio-signature": signature,
        };
        return accepts("twilio", { method: "POST", url: "/x", headers, query: {}, body: Buffer.from(form) });
      }),
      { numRuns: 1000 },
    );
  });

  const tables = providerNames.map((name) => findProvider(name));
  const headerNames = [
    "content-type",
    ...new Set(
      tables.flatMap((provider) => [
        ...(provider?.detectedBy.map(({ header }) => header) ?? []),
        ...(provider?.schemes.flatMap(({ places, timestamp }) => [
          ...places.map((place) => place.name),
          timestamp?.name ?? "x",
        ]) ?? []),
        "webhook-id",
      ]),
    ),
  ];
  const texts = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom(
      "",
      "v0=",
      "sha256=",
      "Bearer ",
      "Basic YQ==",
      "t=1,v1=",
      "v1,",
      "application/x-www-form-urlencoded",
    ),
    fc.constantFrom(
      `${nowMs / 1000}`,
      "0".repeat(64),
      `v1,${"A".repeat(43)}=`,
      `t=${nowMs / 1000},v1=${"0".repeat(64)}`,
    ),
  );
  const requests = fc.record({
    method: fc.string(),
    url: fc.string(),
    headers: fc.dictionary(fc.constantFrom(...headerNames), texts),
    query: fc.dictionary(fc.constantFrom("signature", "token", "bodySHA256", "__proto__", "a"), texts),
    body: fc.oneof(
      fc.uint8Array(),
      fc.json().map((text) => Buffer.from(text)),
      fc
        .constantFrom('{"sharedSecret":1}', '{"webhookTimestamp":1e400}', '{"event":null,"type":{}}', "{")
        .map((text) => Buffer.from(text)),
    ),
  });
  const pinned = fc.option(fc.oneof(fc.constantFrom(...providerNames), fc.string()), { nil: undefined });
  const someSecrets = fc.array(fc.constantFrom(secret, publicKey, base64Key, "", "whpk_AAAA", "whsec_!"), {
    minLength: 1,
  });

  test("never throws, and accepts nothing that was not signed", () => {
    const property = fc.property(requests, pinned, someSecrets, fc.integer(), (request, provider, secrets, time) => {
      for (const at of [time, nowMs]) {
        const verdict = verifyInbound(request, { ...(provider !== undefined && { provider }), secrets, nowMs: at });
        if (verdict.accepted || typeof verdict.reason !== "string") return false;
      }
      return true;
    });
    fc.assert(property, { numRuns: 5000 });
  });

  test("never throws where no secret is configured", () => {
    fc.assert(fc.property(requests, (candidate) => verifyInbound(candidate, { secrets: [], nowMs: 0 }).accepted));
  });

  function request(headers: Record<string, string>, body: string): UnverifiedRequest {
    return { method: "POST", url: "/api/webhooks/x", headers, query: {}, body: Buffer.from(body) };
  }

  test("finds no event type in JSON nested a hundred thousand deep, and does not throw", () => {
    const deep = request({ "x-slack-signature": "v0=" }, `{"type":${"[".repeat(100_000)}`);
    const verdict = { accepted: true, provider: "slack", eventType: "", deliveryId: "" } as const;
    expect(verifyInbound(deep, { secrets: [], nowMs: 0 })).toEqual(verdict);
  });

  test("prefers forgejo, gitea, gogs and github in this order, and those to all others", () => {
    const headers: Record<string, string> = { "x-slack-signature": "v0=" };
    for (const name of ["github", "gogs", "gitea", "forgejo"]) {
      headers[`x-${name}-event`] = "push";
      expect(verifyInbound(request({ ...headers }, ""), { secrets: [], nowMs: 0 }).provider).toBe(name);
    }
  });

  test("finds neither event type nor delivery id in what objects inherit", () => {
    const bodies = ['{"__proto__":{"type":"x","id":"y"}}', "{}"];
    for (const body of bodies) {
      const verdict = verifyInbound(request({ "stripe-signature": "t=1" }, body), { secrets: [], nowMs: 0 });
      expect(verdict).toMatchObject({ eventType: "", deliveryId: "" });
    }
  });

  test("does not parse the body of a request it refuses", () => {
    const headers = { "x-slack-signature": `v0=${"0".repeat(64)}`, "x-slack-request-timestamp": `${nowMs / 1000}` };
    const forged = request(headers, '{"type":"x","event_id":"y"}');
    expect(verifyInbound(forged, { secrets: [secret], nowMs })).toEqual({
      accepted: false,
      provider: "slack",
      eventType: "",
      deliveryId: "",
      reason: "signature_mismatch",
    });
  });

  test("says that SHA-1 is asked for of a provider that never signs by it", () => {
    const verdict = verifyInbound(make("slack", Buffer.from("{}")), { ...optionsFor("slack"), algorithm: "sha1" });
    expect(verdict).toMatchObject({ accepted: false, reason: "algorithm_unknown" });
  });

  test("does not sort the fields of a form that has more than Twilio ever sends", () => {
    const form = (fields: number): Uint8Array =>
      Buffer.from(Array.from({ length: fields }, (_, index) => `f${index}=1`).join("&"));
    expect(accepts("twilio", make("twilio", form(1000)))).toBe(true);
    const many = { ...make("twilio", form(1000)), body: form(1001) };
    expect(verifyInbound(many, optionsFor("twilio"))).toMatchObject({ reason: "signature_mismatch" });
  });

  test("tries four signatures by public keys, and takes a request with more for malformed", () => {
    const body = Buffer.from("{}");
    const signed = Buffer.concat([Buffer.from(`d-1.${nowMs / 1000}.`), body]);
    const right = `v1a,${sign(null, signed, keys.privateKey).toString("base64")}`;
    const wrong = `v1a,${Buffer.alloc(64, 1).toString("base64")}`;
    const options = {
      provider: "standard",
      secrets: [`whpk_${Buffer.from(publicKey, "hex").toString("base64")}`],
      nowMs,
    };
    const send = (...signatures: readonly string[]) =>
      verifyInbound(
        request(
          { "webhook-id": "d-1", "webhook-timestamp": `${nowMs / 1000}`, "webhook-signature": signatures.join(" ") },
          "{}",
        ),
        options,
      );
    expect(send(wrong, wrong, wrong, right)).toMatchObject({ accepted: true });
    expect(send(wrong, wrong, wrong, wrong)).toMatchObject({ reason: "signature_mismatch" });
    expect(send(wrong, wrong, wrong, wrong, right)).toMatchObject({ reason: "signature_malformed" });
  });

  test("refuses a signature without a time where the pipeline says how old it may be, and the sender can sign one", () => {
    const body = Buffer.from("{}");
    const timed = make("grafana", body);
    const { "x-grafana-alerting-signature-timestamp": time = "", ...headers } = timed.headers;
    const stripped = { ...timed, headers, body: Buffer.from(`${time}:{}`) };
    expect(verifyInbound(stripped, optionsFor("grafana"))).toMatchObject({ accepted: true });
    const strict = { ...optionsFor("grafana"), toleranceMs: 60_000 };
    expect(verifyInbound(stripped, strict)).toMatchObject({ accepted: false, reason: "timestamp_missing" });
    expect(verifyInbound(timed, strict)).toMatchObject({ accepted: true });
    expect(verifyInbound(make("gitlab", body), { ...optionsFor("gitlab"), toleranceMs: 60_000 }).accepted).toBe(true);
  });
});

describe("a form that takes work before it is known who sent it", () => {
  const formOf = (fields: number): Buffer => Buffer.from(Array(fields).fill("a=1").join("&"));
  const verdict = (body: Uint8Array): unknown => {
    const signature = { "x-twilio-signature": Buffer.alloc(20).toString("base64") };
    const headers = { "content-type": "application/x-www-form-urlencoded", ...signature };
    const request = { method: "POST", url: "/api/webhooks/x", headers, query: {}, body };
    return verifyInbound(request, optionsFor("twilio"));
  };

  test("of a million fields costs less than a tenth of what a look at each would", () => {
    const body = formOf(1_000_000);
    const timeOf = (work: () => unknown): number => {
      const start = performance.now();
      work();
      return performance.now() - start;
    };
    const each = timeOf(() => [...new URLSearchParams(new TextDecoder().decode(body))].length);
    expect(timeOf(() => verdict(body))).toBeLessThan(each / 10);
  });
});
