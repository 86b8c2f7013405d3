// What a pipeline lets senders cost: addresses, rates, the size of a body, and callers that wait.

import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import { AppError } from "../../../src/core/app-error.ts";
import { systemClock } from "../../../src/core/clock.ts";
import type { PipelineConfig } from "../../../src/core/pipeline-config.ts";
import type { RequestHead } from "../../../src/engine/engine.ts";
import { EngineHarness, type HarnessOptions } from "../../fixtures/harness/engine-harness.ts";

const script = "export const pipeline = () => http.respond({ body: 'ok' });";
const secret = "a secret of the tests";

let harness: EngineHarness;
let aheadMs = 0;
afterEach(async () => {
  aheadMs = 0;
  await harness.close();
});

async function open(webhook: PipelineConfig["webhook"], options: HarnessOptions = {}): Promise<void> {
  // Time passes only where a test says so: buckets fill with it.
  const clock = { ...systemClock, elapsed: () => aheadMs };
  harness = await EngineHarness.open({ clock, ...options });
  await harness.add("p", script, { webhook });
}

/** The code of the error, or the type of the answer. */
async function send(request: Parameters<EngineHarness["receive"]>[1] = {}): Promise<string> {
  const answering = harness.receive("p", request);
  return (await codeOf(answering)) ?? (await answering).type;
}

/** Null where it does not fail. */
async function codeOf(work: Promise<unknown>): Promise<string | null> {
  try {
    await work;
    return null;
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown.code;
    throw thrown;
  }
}

async function sendMany(count: number, address: string | null, headers: RequestHead["headers"] = {}) {
  const counts: Record<string, number> = {};
  for (let sent = 0; sent < count; sent++) {
    const outcome = await send({ address, headers, body: "{}" });
    counts[outcome] = (counts[outcome] ?? 0) + 1;
  }
  return counts;
}

function sign(body: string): RequestHead["headers"] {
  return { "x-webhook-signature": new Bun.CryptoHasher("sha256", secret).update(body).digest("hex") };
}

/** Every row of those that were received, oldest first. */
async function stored(): Promise<readonly Readonly<Record<string, unknown>>[]> {
  // Whoever lists them is given what is not on disk yet, and it is then.
  await harness.engine.listRequests({ limit: 1 });
  const database = new Database(harness.path("runner.db"), { readonly: true });
  try {
    return database.query("SELECT * FROM inbound_requests ORDER BY id").all() as Record<string, unknown>[];
  } finally {
    database.close();
  }
}

async function reasonsOnRecord(): Promise<readonly unknown[]> {
  return (await stored()).filter(({ verdict }) => verdict === "refused").map(({ reason }) => reason);
}

describe("an allow-list", () => {
  test("lets in whom it names, and nobody else: no run begins, and it is on record", async () => {
    await open({ allow: ["10.0.0.0/8", "fd00::1"] });
    expect(await send({ address: "10.1.2.3" })).toBe("response");
    expect(await send({ address: "::ffff:10.1.2.3" })).toBe("response");
    expect(await send({ address: "fd00::1" })).toBe("response");
    expect(await send({ address: "127.0.0.1" })).toBe("ADDRESS_NOT_ALLOWED");
    expect(await send({ address: "fd00::2" })).toBe("ADDRESS_NOT_ALLOWED");
    expect(await reasonsOnRecord()).toEqual(["address_not_allowed", "address_not_allowed"]);
    expect((await harness.engine.listRuns({ limit: 10 })).runs).toHaveLength(3);
  });

  test("keeps out whose address nobody knows", async () => {
    await open({ allow: ["0.0.0.0/0", "::/0"] });
    expect(await send({ address: "unknown" })).toBe("ADDRESS_NOT_ALLOWED");
    expect(await send({ address: null })).toBe("ADDRESS_NOT_ALLOWED");
    expect(await send({ address: "192.0.2.1" })).toBe("response");
  });

  test("comes before the body is read, and no token of the request is kept", async () => {
    await open({ allow: ["10.0.0.1"], provider: "dockerhub" });
    const head = {
      pipeline: "p",
      method: "POST",
      url: "/api/webhooks/p?token=token-in-the-clear",
      headers: { authorization: "Bearer token-in-the-clear", "x-gitlab-token": "token-in-the-clear" },
      query: { token: "token-in-the-clear" },
      address: "10.0.0.2",
    };
    const readBody = () => Promise.reject(new Error("the body was read"));
    expect(await codeOf(harness.engine.receiveWebhook(head, readBody))).toBe("ADDRESS_NOT_ALLOWED");
    expect(JSON.stringify(await stored())).toContain("address_not_allowed");
    expect(JSON.stringify(await stored())).not.toContain("token-in-the-clear");
    expect(harness.logged.join("")).not.toContain("token-in-the-clear");
  });
});

test("who asks for a pipeline that is not there is told no other's name, nor is one looked for", async () => {
  await open({});
  const refused = await harness.receive("pp").catch((thrown: unknown) => thrown);
  expect(refused).toMatchObject({ code: "PIPELINE_NOT_FOUND", hint: undefined });
});

describe("a rate by address", () => {
  test("is 60 a minute where the pipeline has no secret, but for this machine", async () => {
    await open({});
    expect(await sendMany(70, "192.0.2.1")).toEqual({ response: 60, RATE_LIMITED: 10 });
    expect(await sendMany(1, "192.0.2.2")).toEqual({ response: 1 });
    for (const local of ["127.0.0.1", "::1", null]) expect(await sendMany(70, local)).toEqual({ response: 70 });
    expect(await sendMany(70, "unknown")).toEqual({ response: 60, RATE_LIMITED: 10 });
    aheadMs += 5000;
    expect(await sendMany(10, "192.0.2.1")).toEqual({ response: 5, RATE_LIMITED: 5 });
    expect(new Set(await reasonsOnRecord())).toEqual(new Set(["rate_limited_address"]));
  });

  test("is none where it has a secret, or says false", async () => {
    await open({ secret });
    expect(await sendMany(70, "192.0.2.1", sign("{}"))).toEqual({ response: 70 });
    await harness.add("p", script, { webhook: { rate: false } });
    expect(await sendMany(70, "192.0.2.1")).toEqual({ response: 70 });
  });

  test("counts forged requests, before they are verified, and all of one IPv6 network", async () => {
    await open({ secret, rate: { perAddressPerMinute: 3 } });
    expect(await sendMany(5, "2001:db8::1")).toEqual({ SIGNATURE_INVALID: 3, RATE_LIMITED: 2 });
    expect(await sendMany(1, "2001:db8::ffff:1", sign("{}"))).toEqual({ RATE_LIMITED: 1 });
    expect(await sendMany(4, "2001:db8:0:1::1", sign("{}"))).toEqual({ response: 3, RATE_LIMITED: 1 });
  });

  test("that a pipeline asks for holds for this machine too, and for all whose address nobody knows together", async () => {
    await open({ rate: { perAddressPerMinute: 2 } });
    expect(await sendMany(3, "127.0.0.1")).toEqual({ response: 2, RATE_LIMITED: 1 });
    expect(await sendMany(3, null)).toEqual({ response: 2, RATE_LIMITED: 1 });
  });

  test("says after how many whole seconds the next one is taken", async () => {
    await open({ rate: { perAddressPerMinute: 7 } });
    await sendMany(7, "192.0.2.1");
    const refused = await harness.receive("p", { address: "192.0.2.1" }).catch((thrown: unknown) => thrown);
    expect((refused as AppError).details).toMatchObject({ retry_after_seconds: 9 });
    aheadMs += 9000;
    expect(await send({ address: "192.0.2.1" })).toBe("response");
  });
});

test("the rate of a pipeline counts only what is believed: forgeries use nothing of it up", async () => {
  await open({ secret, rate: { perMinute: 5 } });
  expect(await sendMany(20, "192.0.2.1")).toEqual({ SIGNATURE_INVALID: 20 });
  expect(await sendMany(4, "192.0.2.2", sign("{}"))).toEqual({ response: 4 });
  expect(await sendMany(3, "192.0.2.3", sign("{}"))).toEqual({ response: 1, RATE_LIMITED: 2 });
  expect((await reasonsOnRecord()).slice(-2)).toEqual(["rate_limited_pipeline", "rate_limited_pipeline"]);
});

test("the body is read up to what the pipeline says, and one that is too long is on record", async () => {
  await open({ maxBodyBytes: 4096 });
  const limits: (number | undefined)[] = [];
  const head = { pipeline: "p", method: "POST", url: "/api/webhooks/p", headers: {}, query: {}, address: null };
  const readBody = async (maxBytes?: number): Promise<Uint8Array> => {
    limits.push(maxBytes);
    if (limits.length > 1) throw new AppError("BODY_TOO_LARGE", "too long");
    return await Promise.resolve(new Uint8Array(1));
  };
  expect((await harness.engine.receiveWebhook(head, readBody)).type).toBe("response");
  expect(await codeOf(harness.engine.receiveWebhook(head, readBody))).toBe("BODY_TOO_LARGE");
  expect(limits).toEqual([4096, 4096]);
  expect(await reasonsOnRecord()).toEqual(["body_too_large"]);
});

test("a caller beyond those that may wait is told its run's id at once, and the run ends like any other", async () => {
  harness = await EngineHarness.open({ maxWaitingCallers: 2, webhookTimeoutMs: 60_000 });
  const waiting = `export const pipeline = async () => {
    const { stdout } = await runtime.run({ name: "wait", command: 'until [ -e "$GO" ]; do sleep 0.02; done; echo went', env: { GO: "${harness.path("go")}" } });
    http.respond({ body: stdout });
    return stdout;
  };`;
  await harness.add("p", waiting);
  const first = [harness.receive("p"), harness.receive("p")];
  const more = await Promise.all([harness.receive("p"), harness.receive("p")]);
  expect(more.map(({ type }) => type)).toEqual(["accepted", "accepted"]);
  const { runs } = await harness.engine.listRuns({ limit: 10 });
  expect(runs).toHaveLength(4);
  // Neither does somebody who waits for an end get in.
  expect((await harness.engine.waitAsCaller(runs[0]?.id ?? "", 60_000)).finishedAt).toBeNull();
  await harness.write("go", "");
  const answers = await Promise.all(first);
  expect(answers.map(({ type }) => type)).toEqual(["response", "response"]);
  for (const { id } of runs) expect(await harness.end(id)).toMatchObject({ status: "succeeded", result: "went\n" });
  // Those who have gone make room.
  expect((await harness.engine.waitAsCaller(runs[0]?.id ?? "", 60_000)).status).toBe("succeeded");
}, 30_000);

describe("names of an object's own parts in a request", () => {
  const names = '{"__proto__":{"admin":true},"constructor":{"prototype":{"admin":true}},"a":1}';

  test("are plain fields to conditions and scripts, and reach nothing", async () => {
    harness = await EngineHarness.open();
    await harness.add(
      "p",
      `export const pipeline = () => {
        const { headers, query, body } = http.request();
        const payload = JSON.parse(body);
        return [
          webhookTrigger('payload.admin == nil && payload.a == 1 && payload["__proto__"].admin && payload.toString == nil'),
          webhookTrigger('headers.admin == "" && query.admin == "" && headers["__proto__"] == "h" && query["__proto__"] == "q"'),
          webhookTrigger('headers.constructor == "" && query.toString == ""'),
          Object.keys(payload), payload.admin === undefined, ({}).admin === undefined,
          Object.keys(headers).includes("__proto__"), query.admin === undefined,
        ];
      };`,
      { webhook: { when: 'payload.admin == nil and payload["__proto__"] != nil and query["__proto__"] == "q"' } },
    );
    const headers = JSON.parse('{"__proto__":"h"}') as Record<string, string>;
    const query = JSON.parse('{"__proto__":"q"}') as Record<string, string>;
    const answer = await harness.receive("p", { body: names, headers, query });
    if (answer.type !== "accepted") throw new Error(answer.type);
    const fields = ["__proto__", "constructor", "a"];
    expect((await harness.end(answer.runId)).result).toEqual([true, true, true, fields, true, true, true, true]);
    expect(({} as { admin?: unknown }).admin).toBeUndefined();
  });

  test("are no parameters of a trigger", async () => {
    harness = await EngineHarness.open();
    await harness.add("p", "export const pipeline = () => pipelineContext.params;", {
      params: { a: { type: "number", required: false } },
    });
    const params = JSON.parse(names) as Record<string, unknown>;
    expect(await codeOf(harness.engine.trigger("p", { params, args: [] }))).toBe("PARAM_INVALID");
  });
});

test("a body of a megabyte of brackets is no payload, and harms nobody", async () => {
  await open({ when: "payload == nil", secret });
  for (const body of ["[".repeat(1024 ** 2), `${"[".repeat(500_000)}${"]".repeat(500_000)}`, '{"a":'.repeat(200_000)]) {
    for (const provider of [{}, { "x-slack-signature": "v0=00", "x-slack-request-timestamp": "1" }]) {
      expect(await send({ body, headers: provider })).toBe("SIGNATURE_INVALID");
    }
    expect(await send({ body, headers: sign(body) })).toBe("response");
  }
});
