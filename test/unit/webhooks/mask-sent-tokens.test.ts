import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { providerNames } from "../../../src/core/webhook-provider.ts";
import {
  signRequest,
  toInboundRequest,
  type UnverifiedRequest,
  verifyInbound,
} from "../../../src/webhooks/webhooks.ts";

const received = (parts: Partial<UnverifiedRequest>): UnverifiedRequest => ({
  method: "POST",
  url: "/api/webhooks/x",
  headers: {},
  query: {},
  body: Buffer.from("{}"),
  ...parts,
});
const store = (provider: string, parts: Partial<UnverifiedRequest>) =>
  toInboundRequest(received(parts), { provider, eventType: "" });

describe("a request that is stored", () => {
  test("holds no secret of a provider, however it is sent", () => {
    const secrets = fc.stringMatching(/^[A-Za-z0-9_+/ %&"\\]{12,40}$/).filter((secret) => secret.trim() === secret);
    for (const provider of providerNames.filter((name) => name !== "discord" && name !== "standard")) {
      fc.assert(
        fc.property(secrets, (secret) => {
          const origin = { provider, secret, eventType: "push", deliveryId: "d", contentType: "application/json" };
          const made = signRequest({ ...origin, body: Buffer.from("{}"), url: "http://box/x?a=1", nowMs: 0 });
          const { pathname, search, searchParams } = new URL(made.url);
          const query = Object.fromEntries(searchParams);
          const request = store(provider, { ...made, url: pathname + search, query });
          const text = JSON.stringify({ ...request, body: Buffer.from(request.body).toString() });
          const forms = [secret, JSON.stringify(secret).slice(1, -1), encodeURIComponent(secret)];
          return [...forms, Buffer.from(secret).toString("base64")].every((form) => !text.includes(form));
        }),
        { numRuns: 50 },
      );
    }
  });

  test("shows where a token stood, and of which kind it was", () => {
    const headers = {
      authorization: "Bearer hunter2",
      "x-gitlab-token": "hunter2",
      "x-hub-signature-256": "sha256=00",
    };
    expect(store("gitlab", { headers }).headers).toEqual({
      authorization: "Bearer ********",
      "x-gitlab-token": "********",
      "x-hub-signature-256": "sha256=00",
    });
  });

  test("masks the header of a token whoever the sender is, and in any case", () => {
    const { headers } = store("generic", { headers: { Authorization: "hunter2", "X-GitLab-Token": "hunter2" } });
    expect(headers).toEqual({ authorization: "********", "x-gitlab-token": "********" });
  });

  test("masks a token in the address of a provider that has it there, in each of its places", () => {
    const url = "/api/webhooks/x?a=1&token=one&%74oken=two&b=3";
    const request = store("dockerhub", { url, query: { a: "1", token: "one", b: "3" } });
    expect(request.url).toBe("/api/webhooks/x?a=1&token=********&token=********&b=3");
    expect(request.query).toEqual({ a: "1", token: "********", b: "3" });
  });

  test("leaves a parameter named token alone where it means something else", () => {
    const parts = { url: "/api/webhooks/x?token=next-page", query: { token: "next-page" } };
    expect(store("generic", parts)).toMatchObject(parts);
  });

  test("has the body of Meraki without its secret and with everything else", () => {
    const body = Buffer.from('{"sharedSecret":"one","alertId":"7","data":{"n":1},"shared\\u0053ecret":"two"}');
    const request = store("meraki", { body });
    expect(Buffer.from(request.body).toString()).toBe('{"alertId":"7","data":{"n":1}}');
  });

  test("has no body where Meraki's secret might be in it and where it ends is not to be told", () => {
    expect(store("meraki", { body: Buffer.from('{"sharedSecret":"hunter2') }).body).toHaveLength(0);
    expect(store("meraki", { body: Buffer.from("hello") }).body).toHaveLength(5);
  });

  test("has no body of Meraki that is nested too deeply to be written again, and nothing throws", () => {
    const nested = (levels: number): Uint8Array =>
      Buffer.from(`{"sharedSecret":"hunter2","text":"[[\\"[[","data":${"[".repeat(levels)}${"]".repeat(levels)}}`);
    expect(store("meraki", { body: nested(300_000) }).body).toHaveLength(0);
    expect(store("meraki", { body: nested(1000) }).body).toHaveLength(0);
    expect(Buffer.from(store("meraki", { body: nested(999) }).body).toString()).toStartWith('{"text":"[[\\"[[",');
  });

  test("has the exact bytes of every other provider, also of a refused request", () => {
    const body = Uint8Array.of(0, 255, 0x7b, 10);
    for (const provider of providerNames) expect(store(provider, { body }).body).toEqual(body);
  });

  test("shows no cookie, whoever the sender is", () => {
    const headers = { Cookie: "session=hunter2", "Proxy-Authorization": "Basic aHVudGVyMg==" };
    const masked = { cookie: "********", "proxy-authorization": "Basic ********" };
    for (const provider of ["generic", "github", "meraki"])
      expect(store(provider, { headers }).headers).toEqual(masked);
  });

  test("of a sender whom nobody has vouched for has nothing that any provider sends as a token", () => {
    const body = Buffer.from('{"sharedSecret":"one","a":1}');
    const request = received({ body, url: "/api/webhooks/x?token=two&a=1", query: { token: "two", a: "1" } });
    const kept = toInboundRequest(request, { provider: "generic", eventType: "" }, false);
    expect(kept).toMatchObject({ url: "/api/webhooks/x?token=********&a=1", query: { token: "********", a: "1" } });
    expect(Buffer.from(kept.body).toString()).toBe('{"a":1}');
    const bytes = Uint8Array.of(0, 255, 0x7b, 10);
    expect(toInboundRequest(received({ body: bytes }), { provider: "generic", eventType: "" }, false).body).toBe(bytes);
  });

  test("is verified before anything is masked", () => {
    const request = received({ headers: { "x-gitlab-token": "hunter2" } });
    const verdict = verifyInbound(request, { secrets: ["hunter2"], nowMs: 0 });
    expect(verdict).toMatchObject({ accepted: true, provider: "gitlab" });
  });
});
