// Endpoints and deliveries over the API, without a port: what is read, what is answered, what never leaves the server.

import { describe, expect, test } from "bun:test";
import { createServer } from "../../../src/server/server.ts";
import { declared, EndpointBench } from "../../fixtures/harness/endpoint-bench.ts";
import { createFakeEngine, token } from "./fake-engine.ts";
import { readJson } from "./read-json.ts";

const seedBody = {
  url: "https://your-server.com/webhooks/sensei",
  events: ["migration.*", "error.escalated"],
  secret: "whsec_your_signing_secret",
};

async function serve() {
  const bench = new EndpointBench();
  const registry = await bench.open([declared("ci")]);
  const engine = createFakeEngine({ endpoints: bench.desk(registry) });
  const server = createServer({ engine, token, publicUrl: "https://box.example.org/runner" });
  const send = async (method: string, path: string, body: unknown = null, headers: Record<string, string> = {}) =>
    await server.handle(
      new Request(`http://nas${path}`, {
        method,
        body: body === null || typeof body === "string" ? body : JSON.stringify(body),
        headers: { authorization: `Bearer ${token}`, ...headers },
      }),
    );
  const ask = async (...given: Parameters<typeof send>) => {
    const answer = await send(...given);
    return [answer.status, answer.status === 204 ? null : await readJson(answer)] as const;
  };
  const [, made] = await ask("POST", "/v1/webhooks", seedBody);
  const { id } = made as { id: string };
  return { bench, registry, send, ask, made, id, path: `/v1/webhooks/${id}` };
}

test("nothing is told without the token", async () => {
  const { send, path } = await serve();
  const paths = ["/v1/webhooks", path, `${path}/deliveries`, `${path}/test`, "/v1/webhooks/ep_never"];
  for (const each of paths) {
    for (const method of ["GET", "POST", "PATCH", "DELETE"]) {
      const answer = await send(method, each, null, { authorization: "Bearer wrong" });
      expect([method, each, answer.status]).toEqual([method, each, 401]);
    }
  }
});

describe("POST /v1/webhooks", () => {
  test("answers with the endpoint, where it is, its secret, and warnings", async () => {
    const { send } = await serve();
    const answer = await send("POST", "/v1/webhooks", seedBody, { "content-type": "application/json" });
    const made = (await readJson(answer)) as { id: string };
    expect([answer.status, answer.headers.get("location")]).toEqual([
      201,
      `https://box.example.org/runner/v1/webhooks/${made.id}`.replace("https://box.example.org", ""),
    ]);
    expect(made).toMatchObject({
      url: seedBody.url,
      events: seedBody.events,
      secret: seedBody.secret,
      enabled: true,
      source: "api",
      name: null,
      pipelines: [],
      when: null,
      headers: {},
      signature_header: "X-Runner-Signature",
      retry: ["1m", "5m", "30m", "2h", "8h", "1d"],
      rate_limit: null,
      description: "",
      created_at: "1970-01-01T00:16:40.000Z",
      previous_secret_until: null,
      state: { failing_since: null, disabled_at: null, disabled_reason: null },
      warnings: [{ field: "events" }, { field: "secret" }],
    });
  });

  test.each(["text/plain", "application/x-www-form-urlencoded", "multipart/form-data"])(
    "reads JSON that is said to be %s",
    async (type) => {
      const { ask } = await serve();
      const [status] = await ask("POST", "/v1/webhooks", seedBody, { "content-type": type });
      expect(status).toBe(201);
    },
  );

  test("names every field that is wrong, with 422", async () => {
    const { ask } = await serve();
    const wrong = { ...seedBody, url: "http://169.254.169.254/", headers: { "a b": "c" }, evnts: [] };
    const [status, problem] = await ask("POST", "/v1/webhooks", wrong);
    expect([status, problem]).toMatchObject([
      422,
      {
        code: "FIELDS_INVALID",
        details: { field: "evnts", problems: [{ field: "evnts" }, { field: 'headers["a b"]' }] },
      },
    ]);
    const [, refused] = await ask("POST", "/v1/webhooks", { ...seedBody, url: "http://169.254.169.254/" });
    expect(refused).toMatchObject({
      status: 422,
      detail: "url is refused: 169.254.169.254 is a link-local address",
      details: { field: "url" },
    });
  });

  test.each([
    ["", "INVALID_JSON"],
    ["{", "INVALID_JSON"],
    ["[]", "FIELDS_INVALID"],
    ["null", "FIELDS_INVALID"],
  ])("refuses the body %j", async (body, code) => {
    const { ask } = await serve();
    expect((await ask("POST", "/v1/webhooks", body))[1]).toMatchObject({ code });
  });
});

test("GET has neither a secret nor the value of a header, and shows references", async () => {
  const { ask, send, path } = await serve();
  await ask("PATCH", path, { headers: { Authorization: "Bearer hunter2", "X-Ref": "env:HOOK" } });
  for (const each of [path, "/v1/webhooks"]) {
    const text = await (await send("GET", each)).text();
    expect(text).not.toMatch(/hunter2|whsec_|"secret"/);
    expect(text).toContain('"headers":{"Authorization":"********","X-Ref":"env:HOOK"}');
  }
  const [, list] = await ask("GET", "/v1/webhooks");
  expect(list).toMatchObject({ webhooks: [{ id: "ep_ci", source: "file", name: "ci" }, { source: "api" }] });
});

test("PATCH takes what GET gave for the fields that can be changed", async () => {
  const { ask, path } = await serve();
  await ask("PATCH", path, { headers: { Authorization: "Bearer hunter2" }, retry: ["90s", "500ms"], rate_limit: 5 });
  const [, before] = await ask("GET", path);
  const { id, name, source, created_at, updated_at, previous_secret_until, state, ...fields } =
    before as never as Record<string, unknown>;
  const [status, after] = await ask("PATCH", path, fields);
  expect([status, after]).toMatchObject([200, { ...fields, warnings: [{}, {}] }]);
  const fixed = { id, name, source, created_at, updated_at, previous_secret_until, state };
  expect((await ask("PATCH", path, fixed))[1]).toMatchObject({
    code: "FIELDS_INVALID",
    details: { problems: Object.keys(fixed).map((field) => ({ field, message: `${field} is set by the server` })) },
  });
});

test("DELETE removes it: 204, then 410 for everything, sending again too", async () => {
  const { ask, path } = await serve();
  expect(await ask("DELETE", path)).toEqual([204, null]);
  const requests = [
    ["GET", path],
    ["PATCH", path, { enabled: true }],
    ["DELETE", path],
    ["POST", `${path}/test`, { event_type: "run.failed" }],
    ["POST", `${path}/rotate-secret`],
    ["POST", `${path}/recover`, { since: "2026-01-01T00:00:00Z" }],
    ["GET", `${path}/deliveries`],
    ["GET", `${path}/deliveries/dlv_1`],
    ["POST", `${path}/deliveries/dlv_1/retry`],
  ] as const;
  for (const [method, each, body] of requests) {
    const gone = await ask(method, each, body);
    expect([method, each, gone[0], gone[1]]).toMatchObject([method, each, 410, { code: "ENDPOINT_GONE" }]);
    const never = await ask(method, each.replace(path, "/v1/webhooks/ep_never"), body);
    expect(never).toMatchObject([404, { code: "ENDPOINT_NOT_FOUND" }]);
  }
});

test("one of runner.toml is read, tried and resent, and changed only there", async () => {
  const { ask } = await serve();
  const path = "/v1/webhooks/ep_ci";
  expect((await ask("GET", path))[0]).toBe(200);
  expect((await ask("POST", `${path}/test`, { event_type: "run.failed" }))[0]).toBe(200);
  for (const [method, below, body] of [
    ["PATCH", "", { events: ["*"] }],
    ["DELETE", ""],
    ["POST", "/rotate-secret"],
  ] as const) {
    const [status, problem] = await ask(method, path + below, body);
    expect([status, problem]).toMatchObject([
      409,
      {
        code: "ENDPOINT_DECLARED",
        hint: "change its [[webhooks]] table, which a running server takes over; what the server has disabled is enabled here",
      },
    ]);
  }
});

describe("POST /v1/webhooks/{id}/test", () => {
  test("without a Content-Type, as the seed's curl sends it, answers with the delivery and its attempt", async () => {
    const { ask, bench, id, path } = await serve();
    const [status, answer] = await ask("POST", `${path}/test`, '{"event_type": "migration.completed"}', {});
    expect([status, answer]).toMatchObject([
      200,
      {
        endpoint_id: id,
        event_type: "migration.completed",
        status: "delivered",
        attempt_count: 1,
        resent: false,
        event: { type: "migration.completed", data: { sample: true } },
        attempts: [{ number: 1, status: 200, duration_ms: 12, error: null, response: "ok", response_truncated: false }],
      },
    ]);
    expect(bench.deliveries.asked).toMatchObject([["send", id, { type: "migration.completed" }]]);
  });

  test.each([{}, { event_type: "run" }, { event_type: "run.*" }, { event_type: 3 }, { event_type: "a.b", more: 1 }])(
    "refuses %j",
    async (body) => {
      const { ask, path } = await serve();
      expect(await ask("POST", `${path}/test`, body)).toMatchObject([422, { code: "FIELDS_INVALID" }]);
    },
  );
});

test.each(["test", "recover"])("POST /v1/webhooks/{id}/%s says what is missing", async (verb) => {
  const { ask, path } = await serve();
  const missing = { test: "event_type is missing", recover: "since is missing" };
  expect(await ask("POST", `${path}/${verb}`, {})).toMatchObject([422, { detail: missing[verb as "test"] }]);
});

describe("POST /v1/webhooks/{id}/rotate-secret", () => {
  test("makes a secret, tells it once, and the old one counts for a day", async () => {
    const { ask, send, path } = await serve();
    const [status, rotated] = await ask("POST", `${path}/rotate-secret`);
    expect([status, rotated]).toMatchObject([
      200,
      { secret: expect.stringMatching(/^whsec_/), previous_secret_until: "1970-01-02T00:16:40.000Z" },
    ]);
    expect(await (await send("GET", path)).text()).not.toContain("whsec_");
  });

  test("takes a secret, and ends the old one when that is asked for", async () => {
    const { ask, path } = await serve();
    const given = { secret: "of my own, and long", keep_old_for: "0s" };
    expect((await ask("POST", `${path}/rotate-secret`, given))[1]).toMatchObject({
      secret: "of my own, and long",
      previous_secret_until: null,
    });
    for (const wrong of [{ secret: 1 }, { secret: "" }, { keep_old_for: "31d" }, { keep_old_for: "soon" }, { x: 1 }]) {
      expect(await ask("POST", `${path}/rotate-secret`, wrong)).toMatchObject([422, { code: "FIELDS_INVALID" }]);
    }
  });
});

describe("deliveries", () => {
  test("are listed by page and status", async () => {
    const { ask, bench, id, path } = await serve();
    const [status, list] = await ask("GET", `${path}/deliveries?status=failed&limit=5&cursor=abc`);
    expect([status, list]).toMatchObject([200, { deliveries: [{ id: "dlv_1", endpoint_id: id }], next_cursor: null }]);
    expect(bench.deliveries.asked).toEqual([["list", id, { limit: 5, status: "failed", cursor: "abc" }]]);
    expect((await ask("GET", `${path}/deliveries?status=lost`))[0]).toBe(400);
    expect((await ask("GET", `${path}/deliveries?limit=0`))[0]).toBe(400);
  });

  test("have their attempts, and those of nobody else are not found", async () => {
    const { ask, path } = await serve();
    expect((await ask("GET", `${path}/deliveries/dlv_1`))[1]).toMatchObject({ attempts: [{ number: 1 }] });
    for (const [method, below] of [
      ["GET", "dlv_2"],
      ["POST", "dlv_2/retry"],
    ] as const) {
      expect(await ask(method, `${path}/deliveries/${below}`)).toMatchObject([404, { code: "DELIVERY_NOT_FOUND" }]);
    }
  });

  test("are sent again, which is marked", async () => {
    const { ask, path } = await serve();
    const [status, again] = await ask("POST", `${path}/deliveries/dlv_1/retry`);
    expect([status, again]).toMatchObject([202, { id: "dlv_1", status: "pending", resent: true }]);
  });

  test("that were given up are recovered since a time", async () => {
    const { ask, bench, id, path } = await serve();
    expect(await ask("POST", `${path}/recover`, { since: "2026-02-02T14:45:30.123Z" })).toEqual([
      202,
      { recovered: 3 },
    ]);
    expect(await ask("POST", `${path}/recover`, { since: "2026-02-02" })).toMatchObject([202, {}]);
    const times = ["2026-02-02T14:45:30.123Z", "2026-02-02T00:00:00Z"].map((time) => Date.parse(time));
    expect(bench.deliveries.asked).toEqual(times.map((time) => ["recover", id, time]));
    for (const since of [undefined, "yesterday", "2026-13-01", "2026-02-02T14:45", 5]) {
      expect(await ask("POST", `${path}/recover`, { since })).toMatchObject([422, { details: { field: "since" } }]);
    }
  });
});

test("methods that are none are 405, with those that are", async () => {
  const { send, path } = await serve();
  const allowed = {
    "/v1/webhooks": "GET, HEAD, POST",
    [path]: "GET, HEAD, PATCH, DELETE",
    [`${path}/test`]: "POST",
    [`${path}/rotate-secret`]: "POST",
    [`${path}/recover`]: "POST",
    [`${path}/deliveries`]: "GET, HEAD",
    [`${path}/deliveries/dlv_1`]: "GET, HEAD",
    [`${path}/deliveries/dlv_1/retry`]: "POST",
  };
  for (const [each, allow] of Object.entries(allowed)) {
    const answer = await send("PUT", each);
    expect([each, answer.status, answer.headers.get("allow")]).toEqual([each, 405, allow]);
  }
});
