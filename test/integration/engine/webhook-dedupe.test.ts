// `config.webhook.dedupe`: a delivery that comes again begins no run, unless the one that it began did not succeed.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { type Clock, systemClock } from "../../../src/core/clock.ts";
import type { WebhookConfig } from "../../../src/core/pipeline-config.ts";
import type { WebhookAnswer } from "../../../src/engine/engine.ts";
import type { InboundRecord } from "../../../src/store/store.ts";
import { EngineHarness, runIdOf, until } from "../../fixtures/harness/engine-harness.ts";

const dayMs = 24 * 60 * 60 * 1000;
const script = `export const pipeline = () => {
  const { fail, wait } = JSON.parse(http.request().body || "{}");
  if (fail) throw new Error("as asked");
  return wait ? signal.wait("go") : "done";
};`;

let harness: EngineHarness;
let aheadMs: number;
const clock: Clock = { ...systemClock, now: () => Date.now() + aheadMs };

beforeEach(async () => {
  aheadMs = 0;
  harness = await EngineHarness.open({ processes: 1, clock, webhookTimeoutMs: 100 });
});
afterEach(() => harness.close());

async function add(webhook: WebhookConfig = {}): Promise<void> {
  await harness.add("deploy", script, { webhook });
}

async function send(id: string, payload: object = {}, headers: Record<string, string> = {}): Promise<WebhookAnswer> {
  return await harness.receive("deploy", {
    headers: { "x-delivery-id": id, ...headers },
    body: JSON.stringify(payload),
  });
}

async function ended(answer: WebhookAnswer): Promise<string> {
  const id = runIdOf(answer);
  await harness.end(id);
  return id;
}

async function countRuns(): Promise<number> {
  return (await harness.engine.listRuns({ limit: 100 })).runs.length;
}

async function recordOf(runId: string): Promise<InboundRecord | undefined> {
  const kept = await harness.store.runs.findKept(runId);
  return await harness.store.inbound.find(kept?.run.inboundId ?? "");
}

describe("a delivery that comes again", () => {
  test("begins nothing while its run goes on, nor when that has succeeded, and is told which run that is", async () => {
    await add();
    const first = await send("d-1", { wait: true });
    const id = runIdOf(first);
    expect(await send("d-1", { wait: true })).toEqual({ type: "duplicate", runId: id });
    await until(async () => (await harness.engine.getRun(id)).status === "waiting");
    await harness.engine.signal(id, "go", { value: 1 });
    await harness.end(id);
    expect(await send("d-1", { wait: true })).toEqual({ type: "duplicate", runId: id });
    expect(await countRuns()).toBe(1);
  });

  test("begins a run, linked to the one before, where that failed", async () => {
    await add();
    const failed = await ended(await send("d-1", { fail: true }));
    const again = await ended(await send("d-1", { fail: true }));
    expect(again).not.toBe(failed);
    expect((await harness.engine.getRun(again)).rerunOf).toBe(failed);
    expect(await harness.engine.getRun(again)).toMatchObject({ trigger: "webhook", triggeredBy: "webhook" });
    const third = await ended(await send("d-1"));
    expect((await harness.engine.getRun(third)).rerunOf).toBe(again);
    expect(await send("d-1")).toEqual({ type: "duplicate", runId: third });
  });

  test("begins a run where that was cancelled", async () => {
    await add();
    const id = runIdOf(await send("d-1", { wait: true }));
    await harness.engine.cancel(id);
    await harness.end(id);
    expect((await send("d-1")).type).toBe("accepted");
  });

  test("begins nothing though the run that succeeded was run again by hand and failed", async () => {
    await harness.add("deploy", script.replace("if (fail)", "if (pipelineContext.rerunOf !== null)"));
    const succeeded = await ended(await send("d-1"));
    const { runId } = await harness.engine.rerun(succeeded, {});
    expect((await harness.end(runId)).status).toBe("failed");
    expect(await send("d-1")).toEqual({ type: "duplicate", runId: succeeded });
  });

  test("begins nothing where the failed run was run again by hand and that succeeded", async () => {
    await harness.add("deploy", script.replace("if (fail)", "if (fail && pipelineContext.rerunOf === null)"));
    const failed = await ended(await send("d-1", { fail: true }));
    const { runId } = await harness.engine.rerun(failed, {});
    await harness.end(runId);
    expect(await send("d-1", { fail: true })).toEqual({ type: "duplicate", runId });
  });

  test("is known after seven days, less a moment, and no longer after that", async () => {
    await add();
    const id = await ended(await send("d-1"));
    aheadMs = 7 * dayMs - 60_000;
    expect(await send("d-1")).toEqual({ type: "duplicate", runId: id });
    aheadMs = 7 * dayMs + 60_000;
    expect((await send("d-1")).type).toBe("accepted");
    expect(await countRuns()).toBe(2);
  });

  test("is known by another life of the server", async () => {
    await add();
    const id = await ended(await send("d-1"));
    harness = await harness.restart();
    expect(await send("d-1")).toEqual({ type: "duplicate", runId: id });
  });

  test("a hundred times at once begins one run", async () => {
    await add();
    const answers = await Promise.all(Array.from({ length: 100 }, async () => await send("d-1", { wait: true })));
    expect(new Set(answers.map(runIdOf)).size).toBe(1);
    expect(answers.filter(({ type }) => type === "duplicate")).toHaveLength(99);
    expect(await countRuns()).toBe(1);
  });

  test("is another one for another pipeline", async () => {
    await add();
    await harness.add("other", script);
    await send("d-1");
    expect((await harness.receive("other", { headers: { "x-delivery-id": "d-1" } })).type).toBe("accepted");
  });

  test("is not known by a request that was refused", async () => {
    await add({ secret: "s", provider: "github" });
    const body = '{"a":1}';
    const signature = `sha256=${createHmac("sha256", "s").update(body).digest("hex")}`;
    const headers = { "x-github-event": "push", "x-github-delivery": "g-1" };
    const forged = { ...headers, "x-hub-signature-256": signature.replace(/.$/, (end) => (end === "0" ? "1" : "0")) };
    const refused = await harness.receive("deploy", { headers: forged, body }).catch(({ code }) => code as string);
    expect(refused).toBe("SIGNATURE_INVALID");
    const signed = { ...headers, "x-hub-signature-256": signature };
    expect((await harness.receive("deploy", { headers: signed, body })).type).toBe("accepted");
    expect((await harness.receive("deploy", { headers: signed, body })).type).toBe("duplicate");
  });
});

describe("what tells deliveries from others", () => {
  test("is an expression, where the pipeline says so; without a value each is new", async () => {
    await add({ dedupe: "payload.order" });
    const id = await ended(await send("d-1", { order: 7 }));
    expect(await send("d-2", { order: 7 })).toEqual({ type: "duplicate", runId: id });
    expect((await send("d-1", { order: "7" })).type).toBe("accepted");
    expect((await send("d-3", { order: null })).type).toBe("accepted");
    expect((await send("d-3")).type).toBe("accepted");
  });

  test("is no matter of the order of fields", async () => {
    await add({ dedupe: "payload" });
    const first = await harness.receive("deploy", { body: '{"a":1,"b":[{"c":2,"d":3}]}' });
    const second = await harness.receive("deploy", { body: '{"b":[{"d":3,"c":2}],"a":1}' });
    expect([second.type, runIdOf(second)]).toEqual(["duplicate", runIdOf(first)]);
  });

  test("is nothing where the pipeline wants none, or the sender gives no id", async () => {
    await add({ dedupe: false });
    await send("d-1");
    expect((await send("d-1")).type).toBe("accepted");
    await add();
    expect((await harness.receive("deploy", { body: "{}" })).type).toBe("accepted");
    expect((await harness.receive("deploy", { body: "{}" })).type).toBe("accepted");
  });

  test("an expression that cannot be evaluated lets the request through and tells the log", async () => {
    await add({ dedupe: "payload.a.b.c" });
    expect((await send("d-1", { a: 1 })).type).toBe("accepted");
    expect((await send("d-1", { a: 1 })).type).toBe("accepted");
    expect(harness.logged.join("\n")).toContain("`dedupe` has no value");
  });
});

describe("a recorded delivery that is sent once more", () => {
  async function redeliver(force = false): Promise<WebhookAnswer> {
    const { requests } = await harness.engine.listRequests({ limit: 100 });
    const first = requests.findLast(({ verdict }) => verdict === "accepted");
    return (await harness.engine.redeliver(first?.id ?? "", { force })).answer;
  }

  test("is known by the id as it was sent, however that is shown", async () => {
    await add();
    const long = "x".repeat(300);
    const id = await ended(await send(long));
    expect(await redeliver()).toEqual({ type: "duplicate", runId: id });
    expect((await send(long.slice(0, 200))).type).toBe("accepted");
  });

  test("begins a run where that is forced, repeats the one before, and is known by it from then on", async () => {
    await add();
    const id = await ended(await send("d-1"));
    const forced = await ended(await redeliver(true));
    expect((await harness.engine.getRun(forced)).rerunOf).toBe(id);
    expect(await send("d-1")).toEqual({ type: "duplicate", runId: forced });
  });
});

describe("the record of a request", () => {
  test("names its delivery, and the run of the same body under another id", async () => {
    await add();
    const first = await ended(await send("d-1", { n: 1 }));
    const second = await ended(await send("d-2", { n: 1 }));
    const other = await ended(await send("d-3", { n: 2 }));
    expect(await recordOf(first)).toMatchObject({ deliveryId: "d-1", sameBodyAs: null });
    expect(await recordOf(second)).toMatchObject({ deliveryId: "d-2", sameBodyAs: first });
    expect(await recordOf(other)).toMatchObject({ deliveryId: "d-3", sameBodyAs: null });
  });

  test("does not call a repetition the same body", async () => {
    await add();
    await ended(await send("d-1", { fail: true }));
    const again = await ended(await send("d-1", { fail: true }));
    expect(await recordOf(again)).toMatchObject({ deliveryId: "d-1", sameBodyAs: null });
  });
});
