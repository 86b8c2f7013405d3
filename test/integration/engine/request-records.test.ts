// What is on record of inbound requests, and what is in none of them.

import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, spyOn, test } from "bun:test";
import { readdirSync, readFileSync } from "node:fs";
import { AppError } from "../../../src/core/app-error.ts";
import type { WebhookConfig } from "../../../src/core/pipeline-config.ts";
import type { KeptRequest, RequestOutline } from "../../../src/engine/engine.ts";
import { EngineHarness, runIdOf } from "../../fixtures/harness/engine-harness.ts";

const script = "export const pipeline = () => { http.respond({ status: 418, body: http.request().body }); };";

let harness: EngineHarness;
let room: () => void;

beforeEach(async () => {
  room = () => {};
  harness = await EngineHarness.open({ processes: 1, checkRoom: () => room() });
});
afterEach(async () => await harness.close());

async function add(webhook: WebhookConfig | false = {}, source = script): Promise<void> {
  await harness.add("deploy", source, { webhook });
}

/** The code of the error, or how it was answered. */
async function receive(request: Parameters<EngineHarness["receive"]>[1] = {}): Promise<string> {
  try {
    return (await harness.receive("deploy", request)).type;
  } catch (error) {
    return (error as AppError).code;
  }
}

async function listed(): Promise<readonly RequestOutline[]> {
  return (await harness.engine.listRequests({ limit: 100 })).requests;
}

async function latest(): Promise<KeptRequest> {
  return await harness.engine.getRequest((await listed())[0]?.id ?? "");
}

describe("an accepted request", () => {
  test("is on record with all that came, its run, and its answer", async () => {
    await add();
    const sent = { headers: { "x-github-event": "push" }, query: { a: "1" }, body: "böse", address: "203.0.113.7" };
    const answer = await harness.receive("deploy", sent);
    const record = await latest();
    expect(record).toMatchObject({
      pipeline: "deploy",
      verdict: "accepted",
      verified: true,
      reason: null,
      runId: runIdOf(answer),
      address: "203.0.113.7",
      bodyBytes: 5,
      isCut: false,
      redeliveryOf: null,
      request: { provider: "github", eventType: "push", headers: sent.headers, query: sent.query },
      answer: { status: 418, code: null },
    });
    expect(Buffer.from(record.request.body).toString()).toBe("böse");
    expect(record.answer?.durationMs).toBeGreaterThan(0);
  });

  test("whose script does not respond was answered 202, one that asked for the log 200", async () => {
    await add({ stream: true }, "export const pipeline = () => 1;");
    expect(await receive()).toBe("accepted");
    expect((await latest()).answer).toMatchObject({ status: 202, code: null });
    expect(await receive({ query: { stream: "1" } })).toBe("stream");
    expect((await latest()).answer).toMatchObject({ status: 200, code: null });
  });

  test("has a body that is long in full, and goes with its run", async () => {
    await add();
    const body = "x".repeat(500_000);
    const runId = runIdOf(await harness.receive("deploy", { body }));
    expect((await latest()).request.body.length).toBe(500_000);
    await harness.end(runId);
    await harness.store.commit([{ type: "run.remove", id: runId }]);
    expect(await listed()).toEqual([]);
    const database = new Database(harness.path("runner.db"), { readonly: true });
    expect(database.query("SELECT count(*) FROM inbound_answers").values()).toEqual([[0]]);
    database.close();
  });

  test("whose body ends before a secret that it may hold is on record as cut", async () => {
    await add({ provider: "meraki" });
    const answer = await harness.receive("deploy", { body: '{"a":1,"sharedSecret":"hunter2' });
    expect(answer).toMatchObject({ type: "response", body: '{"a":1,' });
    const record = await latest();
    expect(record).toMatchObject({ verdict: "accepted", bodyBytes: 30, isCut: true });
    expect(
      await harness.engine.redeliver(record.id, { force: true }).catch((refusal: unknown) => refusal),
    ).toMatchObject({ code: "REQUEST_CUT" });
  });

  test("is not listed a second time for a rerun, which has its own all the same", async () => {
    await add();
    const runId = runIdOf(await harness.receive("deploy", { body: "once" }));
    await harness.end(runId);
    const rerun = await harness.engine.rerun(runId, {});
    expect((await harness.end(rerun.runId)).status).toBe("succeeded");
    expect(await listed()).toMatchObject([{ runId }]);
    const { requests } = await harness.engine.listRequests({ limit: 9, runId: rerun.runId });
    expect(requests).toMatchObject([{ runId: rerun.runId, verdict: "accepted", bodyBytes: 4 }]);
  });
});

describe("a refused request", () => {
  const cases: readonly (readonly [string, () => Promise<void>, string, object])[] = [
    [
      "without a signature",
      async () => await add({ secret: "env:KEY", provider: "github" }),
      "SIGNATURE_INVALID",
      { reason: "signature_missing", verified: false, answer: { status: 401, code: "SIGNATURE_INVALID" } },
    ],
    [
      "whose condition does not hold",
      async () => await add({ when: "false" }),
      "skipped",
      { reason: "condition_false", verified: true, answer: { status: 202, code: null } },
    ],
    [
      "of a pipeline whose secret is missing",
      async () => await add({ secret: "env:NOT_SET", provider: "github" }),
      "SECRET_MISSING",
      { reason: "secret_missing", verified: false, answer: { status: 503, code: "SECRET_MISSING" } },
    ],
    [
      "of a pipeline that takes none",
      async () => await add(false),
      "WEBHOOK_DISABLED",
      { reason: "webhook_disabled", verified: false, bodyBytes: 0, isCut: true, answer: { status: 404 } },
    ],
    [
      "of a paused pipeline",
      async () => {
        await add();
        await harness.engine.pausePipeline("deploy");
      },
      "PIPELINE_PAUSED",
      { reason: "pipeline_paused", verified: true, answer: { status: 409 } },
    ],
    [
      "while there is no room",
      async () => {
        await add();
        room = () => {
          throw new AppError("DISK_LOW", "there is no room");
        };
      },
      "DISK_LOW",
      { reason: "disk_low", verified: true, answer: { status: 503 } },
    ],
  ];

  test.each(cases)("%s is on record with the reason and its answer", async (_, prepare, code, expected) => {
    await prepare();
    expect(await receive({ headers: { "x-github-event": "push" }, body: "{}", address: "::1" })).toBe(code);
    expect(await latest()).toMatchObject({
      verdict: "refused",
      runId: null,
      address: "::1",
      bodyBytes: 2,
      request: { provider: "github", eventType: "push" },
      ...expected,
    });
    expect((await harness.engine.listRuns({ limit: 1 })).runs).toEqual([]);
  });

  test("is kept with the first 4 KiB of its body, which says how long it was", async () => {
    await add({ secret: "env:KEY" });
    for (const [length, isCut] of [
      [4096, false],
      [4097, true],
      [1_000_000, true],
    ] as const) {
      await receive({ body: "x".repeat(length) });
      const record = await latest();
      expect([record.request.body.length, record.bodyBytes, record.isCut]).toEqual([4096, length, isCut]);
    }
  });

  test("costs no more for a long body than for what is kept of it", async () => {
    await add({ secret: "env:KEY" });
    const body = `{"sharedSecret":"a",${" ".repeat(4096)}"b":[${"1,".repeat(4_000_000)}1]}`;
    const parse = spyOn(JSON, "parse");
    await receive({ body });
    const longest = Math.max(0, ...parse.mock.calls.map(([text]) => text.length));
    parse.mockRestore();
    expect(longest).toBeLessThan(4096);
    const record = await latest();
    expect(record).toMatchObject({ bodyBytes: body.length, isCut: true });
    expect(Buffer.from(record.request.body).toString().trim()).toBe("{");
  });

  test("whose body ends before a secret that it may hold is never sent again", async () => {
    await add({ secret: "env:KEY" });
    await receive({ body: "x=1&sharedSecret=hunter2&y=2" });
    const record = await latest();
    expect([Buffer.from(record.request.body).toString(), record.isCut]).toEqual(["x=1&", true]);
    const again = harness.engine.redeliver(record.id, { force: true });
    expect(await again.catch((refusal: unknown) => refusal)).toMatchObject({ code: "REQUEST_CUT" });
    await receive({ body: '[{"sharedSecret":"hunter2","x":1}]' });
    const { id } = await latest();
    expect((await harness.engine.redeliver(id, { force: true })).answer).toMatchObject({ body: '[{"x":1}]' });
  });

  test("whose body could not be read is on record without it, and is never sent again", async () => {
    await add();
    const headers = { "content-length": "8388609", "x-github-event": "push" };
    const unreadable = async (): Promise<never> => {
      throw new AppError("BODY_TOO_LARGE", "it is too large");
    };
    for (const pipeline of ["deploy", "nope"]) {
      const url = `/api/webhooks/${pipeline}`;
      const head = { pipeline, method: "POST", url, headers, query: {}, address: null };
      await harness.engine.receiveWebhook(head, unreadable).catch(() => undefined);
    }
    const records = await listed();
    expect(records).toMatchObject([
      {
        pipeline: "deploy",
        reason: "body_too_large",
        verified: false,
        bodyBytes: 8_388_609,
        request: { provider: "github" },
        answer: { status: 413, code: "BODY_TOO_LARGE" },
      },
    ]);
    const again = harness.engine.redeliver(records[0]?.id ?? "", { force: true });
    expect(await again.catch((refusal: unknown) => refusal)).toMatchObject({ code: "REQUEST_CUT" });
  });

  test("whose headers are too large is on record with that reason, and without its body", async () => {
    await add({ secret: "env:KEY" });
    const [url, headers] = ["/api/webhooks/deploy", { "x-github-event": "push" }];
    const head = { pipeline: "deploy", method: "POST", url, headers, query: {}, address: "::1" };
    const refuse = async (): Promise<never> => {
      throw new AppError("HEADERS_TOO_LARGE", "too many");
    };
    await harness.engine.receiveWebhook(head, refuse).catch(() => undefined);
    expect(await latest()).toMatchObject({
      reason: "headers_too_large",
      verified: false,
      isCut: true,
      address: "::1",
      request: { provider: "github", headers },
      answer: { status: 431, code: "HEADERS_TOO_LARGE" },
    });
  });

  test("of no pipeline is counted, and not recorded", async () => {
    await add();
    for (let times = 0; times < 3; times++) {
      expect(await harness.receive(`nope-${times}`).catch((error: unknown) => error)).toMatchObject({
        code: "PIPELINE_NOT_FOUND",
      });
    }
    expect(await listed()).toEqual([]);
    expect(harness.logged.join("")).not.toContain("nope-");
    const { logged } = harness;
    harness = await harness.restart();
    const told = logged.filter((line) => line.includes("pipelines that are not there"));
    expect(told.map((line) => (JSON.parse(line) as { requests: number }).requests)).toEqual([3]);
  });
});

test("what was answered just before an orderly stop is on record in the next life", async () => {
  await add({ secret: "env:KEY" });
  for (let times = 0; times < 450; times++) await receive({ body: String(times) });
  harness = await harness.restart();
  expect((await harness.store.inbound.refusals()).length).toBe(450);
});

describe("secrets", () => {
  const bearer = "tok-5up3r-bearer-value";
  const stored = "st0red-hunter2-value";
  const cookie = "sess-0123456789-cookie";
  const basic = Buffer.from(`admin:${bearer}`).toString("base64");

  /** The names of the files of this harness that hold one of these texts. */
  function filesWith(texts: readonly string[]): readonly string[] {
    return readdirSync(harness.folder).filter((name) => {
      if (!name.startsWith("runner.db")) return false;
      const bytes = readFileSync(harness.path(name));
      return texts.some((text) => bytes.includes(text));
    });
  }

  test("are found nowhere in the database after requests that were accepted and refused", async () => {
    await harness.engine.setSecret({ name: "API_KEY", pipeline: null }, stored);
    const configs: readonly (WebhookConfig | false)[] = [
      { provider: "bearer", secret: "env:KEY" },
      { provider: "basic", secret: "env:KEY" },
      { provider: "meraki", secret: "env:KEY" },
      { secret: "secret:API_KEY" },
      { secret: "env:NOT_SET" },
      { when: "false" },
      false,
      {},
    ];
    const requests = [
      { headers: { authorization: `Bearer ${bearer}` } },
      { headers: { authorization: `Basic ${basic}`, cookie: `session=${cookie}` } },
      { headers: { "x-gitlab-token": bearer, "proxy-authorization": `Basic ${basic}`, cookie } },
      { body: JSON.stringify({ note: stored }), url: `/api/webhooks/deploy?x=${stored}`, query: { x: stored } },
      { body: `${"x".repeat(4090)}${stored}${"y".repeat(100_000)}`, headers: { "x-note": stored } },
    ];
    let begun = 0;
    for (const webhook of configs) {
      await add(webhook, "export const pipeline = () => 1;");
      for (const request of requests) if ((await receive(request)) === "accepted") begun++;
    }
    const shared = { body: JSON.stringify({ sharedSecret: bearer, a: 1 }) };
    // Where nobody knows what the sender is, it may be Meraki.
    for (const webhook of [{ provider: "meraki", secret: "env:KEY" }, { secret: "env:KEY" }, false as const]) {
      await add(webhook);
      await receive(shared);
    }
    await harness.engine.listRequests({ limit: 1 });
    expect(begun).toBe(requests.length);
    expect(filesWith([bearer, basic, stored, cookie])).toEqual([]);
    // The search finds what is there.
    expect(filesWith(["x-gitlab-token"])).not.toEqual([]);
  });
});
