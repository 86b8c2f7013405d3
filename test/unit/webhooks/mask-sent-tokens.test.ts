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
  toInboundRequest(received(parts), { provider, eventType: "" }).request;
const refuse = (parts: Partial<UnverifiedRequest>) =>
  toInboundRequest(received(parts), { provider: "generic", eventType: "" }, false);
/** What is kept of the body of a request that nobody believes, and whether that is only its beginning. */
const bodyOf = (body: string): readonly [string, boolean] => {
  const { request, isCut } = refuse({ body: Buffer.from(body) });
  return [Buffer.from(request.body).toString(), isCut];
};

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

  test.each([
    [
      '{"sharedSecret":"one","alertId":"7","data":{"n":1},"shared\\u0053ecret":"two"}',
      '{"alertId":"7","data":{"n":1}}',
    ],
    [
      '{ "n" : 1.0e3, "sharedSecret" : "one" ,\n "id":12345678901234567890, "ü":"\\u00fc" }',
      '{ "n" : 1.0e3, "id":12345678901234567890, "ü":"\\u00fc" }',
    ],
    ['{"a":-0,"sharedSecret":["]",{"}":1}],"sharedSecret":null}', '{"a":-0}'],
    ['{"sharedSecret":"a\\\\","sharedSecret":"b\\"c"}', "{}"],
    [
      '{"data":{"sharedSecret":"its own"},"sharedSecret":"one","list":["sharedSecret",":"]}',
      '{"data":{"sharedSecret":"its own"},"list":["sharedSecret",":"]}',
    ],
  ])("of Meraki's body %s has all but the secret to the byte", (body, kept) => {
    expect(Buffer.from(store("meraki", { body: Buffer.from(body) }).body).toString()).toBe(kept);
  });

  test("has Meraki's body but for its members of that name, whatever JSON that is", () => {
    const members = fc.array(fc.tuple(fc.constantFrom("a", "sharedSecret", "b"), fc.jsonValue()), { maxLength: 6 });
    fc.assert(
      fc.property(members, fc.constantFrom("", " ", "\n\t"), (list, space) => {
        const write = (each: typeof list): string =>
          `{${each.map(([name, value]) => `"${name}"${space}:${space}${JSON.stringify(value)}${space}`).join(`,${space}`)}}`;
        const kept = Buffer.from(store("meraki", { body: Buffer.from(write(list)) }).body).toString();
        const rest = list.filter(([name]) => name !== "sharedSecret");
        expect(kept.replaceAll(/[ \n\t]/g, "")).toBe(write(rest).replaceAll(/[ \n\t]/g, ""));
      }),
    );
  });

  test("ends before Meraki's secret where that does not end, and says so", () => {
    const cut = toInboundRequest(received({ body: Buffer.from('{"a":1,"sharedSecret":"hunter2') }), {
      provider: "meraki",
      eventType: "",
    });
    expect([Buffer.from(cut.request.body).toString(), cut.isCut]).toEqual(['{"a":1,', true]);
    expect(store("meraki", { body: Buffer.from("hello") }).body).toHaveLength(5);
  });

  test("has the body of Meraki however deeply it is nested, and nothing throws", () => {
    const body = (levels: number): string =>
      `{"sharedSecret":"hunter2","text":"[[\\"[[","data":${"[".repeat(levels)}${"]".repeat(levels)}}`;
    for (const levels of [999, 1000, 300_000]) {
      const kept = Buffer.from(store("meraki", { body: Buffer.from(body(levels)) }).body).toString();
      expect(kept).toBe(body(levels).replace('"sharedSecret":"hunter2",', ""));
    }
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
    const kept = refuse({ body, url: "/api/webhooks/x?token=two&a=1", query: { token: "two", a: "1" } }).request;
    expect(kept).toMatchObject({ url: "/api/webhooks/x?token=********&a=1", query: { token: "********", a: "1" } });
    expect(Buffer.from(kept.body).toString()).toBe('{"a":1}');
    const bytes = Uint8Array.of(0, 255, 0x7b, 10);
    expect(refuse({ body: bytes })).toMatchObject({ request: { body: bytes }, isCut: false });
  });

  test.each([
    ['[{"sharedSecret":"hunter2","x":1}]', '[{"x":1}]', false],
    ['{"data":{"a":[{"shared\\u0053ecret":"hunter2"}]},"x":1}', '{"data":{"a":[{}]},"x":1}', false],
    ['{"a":1,"sharedSecret":"hunt', '{"a":1,', true],
    ['{"a":1,"sharedSecret"', '{"a":1,', true],
    ['{"a":1,"data":{"sharedSecret":{"b":"hunter2"', '{"a":1,"data":{', true],
    ['{"a":1,"payload":"{\\"sharedSecret\\":\\"hunter2\\"}"}', '{"a":1,"payload":"{\\"', true],
    ['{"payload":"{\\"shared\\\\u0053ecret\\":\\"hunter2\\"}"}', '{"payload":"{\\"', true],
    ["a=1&sharedSecret=hunter2", "a=1&", true],
    ["a=1&%73haredSecret=hunter2", "a=1&", true],
    ['"sharedSecret":"hunter2"', '"', true],
    ["sharedSec", "sharedSec", false],
  ])("of %s that nobody believes %s is kept", (body, kept, isCut) => {
    expect(bodyOf(body)).toEqual([kept, isCut]);
  });

  test("masks headers and parameters of names that mean a secret whoever sends them, also in other addresses", () => {
    const headers = { "x-api-key": "one", "X-Auth-Token": "one", "private-token": "one", "x-access-token": "one" };
    const referer = "https://example.com/a?b=1&access_token=one#c";
    const parts = {
      headers: { ...headers, referer, "x-original-url": "/x?API_KEY=one&b=1", "x-note": "?api_key=mine" },
      url: "/api/webhooks/x?access_token=one&%61pi_key=one&a=1",
      query: { access_token: "one", api_key: "one", a: "1" },
    };
    for (const request of [store("generic", parts), store("github", parts), refuse(parts).request]) {
      expect(request).toMatchObject({
        headers: {
          "x-api-key": "********",
          "x-auth-token": "********",
          "private-token": "********",
          "x-access-token": "********",
          referer: "https://example.com/a?b=1&access_token=********",
          "x-original-url": "/x?API_KEY=********&b=1",
          "x-note": "?api_key=mine",
        },
        url: "/api/webhooks/x?access_token=********&api_key=********&a=1",
        query: { access_token: "********", api_key: "********", a: "1" },
      });
    }
    const page = { headers: { referer: "https://example.com/?token=one" } };
    expect(store("github", page).headers).toEqual(page.headers);
    expect(refuse(page).request.headers).toEqual({ referer: "https://example.com/?token=********" });
  });

  test("is verified before anything is masked", () => {
    const request = received({ headers: { "x-gitlab-token": "hunter2" } });
    const verdict = verifyInbound(request, { secrets: ["hunter2"], nowMs: 0 });
    expect(verdict).toMatchObject({ accepted: true, provider: "gitlab" });
  });
});
