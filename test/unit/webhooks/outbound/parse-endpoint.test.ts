import { describe, expect, test } from "bun:test";
import {
  endpointDefaults,
  parseDeclaredEndpoint,
  parseEndpoint,
  parseEndpointPatch,
  type ReadEndpoint,
} from "../../../../src/webhooks/webhooks.ts";

const minimal = { url: "https://example.org/hook", events: ["run.failed"] };
const whole = {
  ...minimal,
  secret: "whsec_your_signing_secret",
  pipelines: ["deploy", "home/backup"],
  when: 'data.status == "timed_out"',
  enabled: false,
  headers: { Authorization: "Bearer abc", "X-Own": "secret:TOKEN" },
  signature_header: "X-Sensei-Signature",
  retry: ["1s", "2m", 500],
  rate_limit: 60,
  description: "mine",
};
const current = { ...endpointDefaults, ...minimal, headers: { Authorization: "Bearer abc" } };

/** Fields and messages of what is wrong. */
function problemsOf(read: ReadEndpoint<unknown>): readonly string[] {
  return read.ok ? [] : read.problems.map(({ message, hint }) => (hint === null ? message : `${message} (${hint})`));
}

describe("parseEndpoint()", () => {
  test("takes the seed's body", () => {
    const seed = {
      url: "https://your-server.com/webhooks/sensei",
      events: ["migration.*", "error.escalated"],
      secret: "whsec_your_signing_secret",
    };
    const read = parseEndpoint(seed);
    const { secret, ...given } = seed;
    expect(read).toEqual({ ok: true, value: { secret, fields: { ...endpointDefaults, ...given } } });
  });

  test("takes every field", () => {
    const read = parseEndpoint(whole);
    expect(read.ok && read.value.fields).toEqual({
      url: whole.url,
      events: ["run.failed"],
      pipelines: ["deploy", "home/backup"],
      when: 'data.status == "timed_out"',
      enabled: false,
      headers: { Authorization: "Bearer abc", "X-Own": "secret:TOKEN" },
      signatureHeader: "X-Sensei-Signature",
      retryDelaysMs: [1000, 120_000, 500],
      ratePerMinute: 60,
      description: "mine",
    });
  });

  test("null is the default, and a secret of null is one that is made", () => {
    const nulls = Object.fromEntries(Object.keys(whole).map((name) => [name, null]));
    expect(parseEndpoint({ ...nulls, ...minimal })).toEqual({
      ok: true,
      value: { secret: undefined, fields: { ...endpointDefaults, ...minimal } },
    });
  });

  test("tells every problem at once, each with its field", () => {
    const read = parseEndpoint({
      url: "ftp://x",
      events: ["run.*", "run.*.x", "b"],
      evnts: [],
      enabled: "yes",
      retry: ["1m", "8d", "soon"],
      rate_limit: 0,
      headers: { "a b": "x", ok: "line\nbreak" },
      pipelines: "deploy",
      id: "ep_1",
    });
    expect(read.ok ? [] : read.problems.map(({ field }) => field)).toEqual([
      "id",
      "evnts",
      "url",
      "events[1]",
      "events[2]",
      "pipelines",
      "enabled",
      'headers["a b"]',
      "headers.ok",
      "retry[1]",
      "retry[2]",
      "rate_limit",
    ]);
    expect(problemsOf(read)[1]).toBe('evnts is unknown (did you mean "events"?)');
  });

  test.each([
    [null, "body must be an object like { url, events }, not null"],
    [[], "body must be an object like { url, events }, not a list"],
    ["x", 'body must be an object like { url, events }, not the text "x"'],
  ])("%p is no endpoint", (input, message) => {
    expect(problemsOf(parseEndpoint(input))).toEqual([message, "url is missing", "events is missing"]);
  });

  test.each([
    ["", "is not a URL of http or https"],
    ["example.org/hook", "is not a URL of http or https"],
    ["javascript:alert(1)", "is not a URL of http or https"],
    ["file:///etc/passwd", "is not a URL of http or https"],
    ["https://ada:pw@example.org/", "has a user or a password in it"],
    ["https://example.org/#there", "has a # in it"],
    [`https://example.org/${"a".repeat(4096)}`, "has over 4096 characters"],
  ])("the address %p is refused: it %s", (url, problem) => {
    expect(problemsOf(parseEndpoint({ ...minimal, url }))[0]).toStartWith(`url ${problem}`);
  });

  test.each(["Host", "content-type", "Content-Length", "Transfer-Encoding", "Accept-Encoding", "Webhook-Signature"])(
    "the header %s is the server's",
    (name) => {
      const message = `headers.${name} is set by the server`;
      expect(problemsOf(parseEndpoint({ ...minimal, headers: { [name]: "x" } }))).toEqual([message]);
      const signature = problemsOf(parseEndpoint({ ...minimal, signature_header: name }));
      expect(signature).toEqual([`signature_header cannot be ${name} (choose another)`]);
    },
  );

  test("a header may be there once, in whatever case, and not be that of the signature", () => {
    const twice = parseEndpoint({ ...minimal, headers: { "X-A": "1", "x-a": "2" } });
    expect(problemsOf(twice)).toEqual(["headers.x-a is there twice"]);
    for (const name of ["x-runner-signature", "X-RUNNER-SIGNATURE-OTHER"]) {
      const read = parseEndpoint({ ...minimal, headers: { [name]: "x" } });
      expect(read.ok ? [] : read.problems.map(({ message }) => message.split(" ").slice(1).join(" "))).toEqual([
        "is the header of the signature",
      ]);
    }
  });

  test("a header named __proto__ is a header, a field named so is unknown", () => {
    const text = '{"url":"https://example.org","events":["*"],"headers":{"__proto__":"x"}}';
    const read = parseEndpoint(JSON.parse(text));
    expect(read.ok && Object.entries(read.value.fields.headers)).toEqual([["__proto__", "x"]]);
    expect(parseEndpoint(JSON.parse(text.replace('"headers"', '"__proto__"'))).ok).toBe(false);
  });

  test("no message has a secret or the value of a header", () => {
    const read = parseEndpoint({
      ...minimal,
      secret: { hunter2: 1 },
      headers: { a: "hunter2\n", b: ["hunter2"], c: 2222 },
    });
    expect(read.ok).toBe(false);
    expect(JSON.stringify(read)).not.toMatch(/hunter2|2222/);
    const asText = parseEndpoint({ ...minimal, headers: "Authorization: Bearer hunter2" });
    expect(JSON.stringify(asText)).toContain("headers must be an object, not a text");
    expect(JSON.stringify(asText)).not.toContain("hunter2");
  });

  test("limits hold", () => {
    const many = Array.from({ length: 101 }, (_, index) => `run.x${index}`);
    const headers = Object.fromEntries(many.slice(0, 33).map((name) => [name, "x"]));
    const tooMuch = { events: many, pipelines: many, headers, retry: many.slice(0, 31), description: "x".repeat(1001) };
    const read = parseEndpoint({ ...minimal, ...tooMuch });
    expect(read.ok ? [] : read.problems.map(({ field }) => field)).toEqual(Object.keys(tooMuch));
    expect(problemsOf(parseEndpoint({ ...minimal, events: [] }))).toEqual([
      'events must name at least one event (write ["*"] for all)',
    ]);
  });
});

describe("parseEndpointPatch()", () => {
  test("what is not given stays, null is the default", () => {
    const patched = parseEndpointPatch({ enabled: false, headers: null }, { ...current, ratePerMinute: 5 });
    expect(patched).toEqual({ ok: true, value: { ...current, ratePerMinute: 5, enabled: false, headers: {} } });
  });

  test("a masked value keeps what is there, in whatever case its name is", () => {
    const patched = parseEndpointPatch({ headers: { authorization: "********", "X-New": "1" } }, current);
    expect(patched.ok && patched.value.headers).toEqual({ authorization: "Bearer abc", "X-New": "1" });
    expect(problemsOf(parseEndpointPatch({ headers: { "X-New": "********" } }, current))).toEqual([
      "headers.X-New is masked, and there is no value of it to keep",
    ]);
  });

  test("an address and events cannot be taken away, nor a secret be set", () => {
    const read = parseEndpointPatch({ url: null, events: null, secret: "hunter2" }, current);
    expect(read.ok ? [] : read.problems.map(({ field }) => field)).toEqual(["secret", "url", "events"]);
  });

  test("a signature header that is among the headers already is refused", () => {
    expect(problemsOf(parseEndpointPatch({ signature_header: "authorization" }, current))).toEqual([
      "headers.authorization is the header of the signature",
    ]);
  });
});

describe("parseDeclaredEndpoint()", () => {
  test("has a name and a secret, or the new one and the old one", () => {
    const { secret: _, ...rest } = whole;
    const read = parseDeclaredEndpoint({ ...rest, name: "ci", secret: ["env:NEW", "env:OLD"] });
    expect(read.ok && [read.value.name, read.value.secrets]).toEqual(["ci", ["env:NEW", "env:OLD"]]);
    const single = parseDeclaredEndpoint({ ...minimal, name: "ci", secret: "env:NEW" });
    expect(single.ok && single.value.secrets).toEqual(["env:NEW"]);
  });

  test("both are needed", () => {
    const read = parseDeclaredEndpoint(minimal);
    expect(read.ok ? [] : read.problems.map(({ message }) => message)).toEqual([
      "name is missing",
      "secret is missing",
    ]);
    for (const name of ["", "a b", "a/b", "x".repeat(65), 3]) {
      expect(parseDeclaredEndpoint({ ...minimal, secret: "env:A", name }).ok).toBe(false);
    }
    expect(parseDeclaredEndpoint({ ...minimal, name: "ci", secret: ["a", "b", "c"] }).ok).toBe(false);
  });
});

test("of very many unknown fields the first are named, and how many more there are", () => {
  const many = Object.fromEntries(Array.from({ length: 50_000 }, (_, index) => [`field_${index}`, 1]));
  const read = parseEndpoint({ url: "https://example.org/hook", events: ["*"], ...many });
  if (read.ok) throw new Error("they were taken");
  expect(read.problems.map(({ field }) => field)).toEqual(Array.from({ length: 21 }, (_, index) => `field_${index}`));
  expect(read.problems.at(-1)?.message).toBe("field_20 is unknown, as 49979 more are");
});
