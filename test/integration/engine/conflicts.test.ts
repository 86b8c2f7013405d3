// A run that comes while its concurrency key has no room: it is skipped, or takes the place of others, as its config says.

import { afterEach, describe, expect, test } from "bun:test";
import type { ConflictRule } from "../../../src/core/pipeline-config.ts";
import type { Run } from "../../../src/core/run.ts";
import { EngineHarness, type HarnessOptions, runIdOf, until } from "../../fixtures/harness/engine-harness.ts";

let harness: EngineHarness;
afterEach(() => harness.close());

const script = `export const pipeline = async () => {
  try {
    await runtime.run({ name: "w", command: "while [ ! -e MARK ]; do sleep 0.02; done" });
    return "done";
  } finally {
    console.log("tidies");
  }
};`;

async function open(onConflict: ConflictRule, options: HarnessOptions = {}): Promise<void> {
  harness = await EngineHarness.open(options);
  const text = script.replace("MARK", harness.path("go"));
  await harness.add("deploy", text, { concurrencyLimit: 1, concurrencyKey: "deploy", onConflict });
}

async function trigger(pipeline = "deploy"): Promise<string> {
  return (await harness.engine.trigger(pipeline, { params: {}, args: [] })).runId;
}

/** Begins a run and waits until its step executes. */
async function begin(): Promise<string> {
  const id = await trigger();
  await until(async () => (await harness.engine.getRun(id)).steps[0]?.status === "running");
  return id;
}

async function get(id: string): Promise<Run> {
  return await harness.engine.getRun(id);
}

describe("skip", () => {
  test("records the run as skipped, with the reason and the run that is in its way", async () => {
    await open("skip");
    const first = await begin();
    const second = await trigger();
    expect(await get(second)).toMatchObject({
      status: "skipped",
      startedAt: null,
      result: null,
      error: {
        code: "RUN_SKIPPED",
        message: `run ${first} is not over, and only one run at a time may have the concurrency key "deploy"`,
      },
    });
    await harness.write("go", "");
    expect((await harness.end(first)).result).toBe("done");
    expect((await harness.end(await trigger())).result).toBe("done");
  });

  test("answers the webhook with the id of the skipped run, and keeps its request", async () => {
    // A caller that waited for a script that never begins would wait for ever.
    await open("skip", { webhookTimeoutMs: 3_600_000 });
    await begin();
    const answer = await harness.receive("deploy");
    expect(answer.type).toBe("accepted");
    const runId = runIdOf(answer);
    expect(await get(runId)).toMatchObject({ status: "skipped", trigger: "webhook" });
    const kept = await harness.store.runs.findKept(runId);
    expect(await harness.store.inbound.find(kept?.run.inboundId ?? "")).toMatchObject({ runId });
  });
});

describe("cancel-running", () => {
  test("has the running run cancelled, which may tidy up, and the new one begins when it has ended", async () => {
    await open("cancel-running");
    const first = await begin();
    const second = await trigger();
    await harness.write("go", "");
    const [cancelled, run] = [await harness.end(first), await harness.end(second)];
    expect(cancelled).toMatchObject({ status: "cancelled", error: { code: "RUN_REPLACED" } });
    expect(cancelled.error?.message).toContain(second);
    expect((await harness.logs(first)).map(({ text }) => text)).toContain("tidies");
    expect(run).toMatchObject({ status: "succeeded", result: "done" });
    expect(run.startedAt ?? 0).toBeGreaterThanOrEqual(cancelled.finishedAt ?? 0);
  });

  test("of several in a row the last one is left", async () => {
    await open("cancel-running");
    const ids = [await begin()];
    for (let index = 0; index < 4; index++) ids.push(await trigger());
    await harness.write("go", "");
    const runs = await Promise.all(ids.map(async (id) => await harness.end(id)));
    expect(runs.map(({ status }) => status)).toEqual(["cancelled", "cancelled", "cancelled", "cancelled", "succeeded"]);
    expect(runs.slice(1, 4).map(({ startedAt }) => startedAt)).toEqual([null, null, null]);
    expect(runs[2]?.error?.message).toContain(ids[3] ?? "");
  });

  test("reaches a run that waits outside memory", async () => {
    harness = await EngineHarness.open();
    const config = { concurrencyLimit: 1, concurrencyKey: "deploy", onConflict: "cancel-running" } as const;
    await harness.add("sleeper", "export const pipeline = async () => { await sleep('5h'); };", config);
    await harness.add("deploy", "export const pipeline = () => 'done';", config);
    const sleeper = await trigger("sleeper");
    await until(async () => (await get(sleeper)).status === "waiting");
    const id = await trigger();
    expect((await harness.end(id)).result).toBe("done");
    expect(await harness.end(sleeper)).toMatchObject({ status: "cancelled", error: { code: "RUN_REPLACED" } });
  });

  test("is kept over the death of the server: the old run is cancelled in the next life, then the new one begins", async () => {
    // What happens after the record of both is lost with the process.
    await open("cancel-running");
    const first = await begin();
    const kept = await harness.store.runs.findKept(first);
    const cancel = { code: "RUN_REPLACED", message: "another run came", at: Date.now() } as const;
    const run = { ...(kept?.run ?? failed()), id: Bun.randomUUIDv7() };
    await harness.store.commit([
      { type: "run.create", run: { ...run, seed: run.id } },
      { type: "run.cancel_if_unfinished", id: first, cancel },
    ]);
    harness = await harness.restart();
    await harness.write("go", "");
    expect(await harness.end(first)).toMatchObject({ status: "cancelled", error: { code: "RUN_REPLACED" } });
    expect(await harness.end(run.id)).toMatchObject({ status: "succeeded" });
  });
});

describe("replace-queued", () => {
  test("lets the running run be and puts the new one in the place of those that wait", async () => {
    await open("replace-queued");
    const ids = [await begin(), await trigger(), await trigger(), await trigger()];
    expect(await get(ids[1] ?? "")).toMatchObject({
      status: "cancelled",
      error: {
        code: "RUN_REPLACED",
        message: `run ${ids[2] ?? ""} came with the concurrency key "deploy" and takes its place`,
      },
    });
    await harness.write("go", "");
    const runs = await Promise.all(ids.map(async (id) => await harness.end(id)));
    expect(runs.map(({ status }) => status)).toEqual(["succeeded", "cancelled", "cancelled", "succeeded"]);
  });

  test("that cannot be recorded leaves the queue as it is", async () => {
    let isFull = false;
    await open("replace-queued", {
      wrapStore: (store) => {
        const commit: typeof store.commit = async (writes) => {
          if (isFull) throw new Error("the disk is full");
          await store.commit(writes);
        };
        return new Proxy(store, {
          get: (target, name: keyof typeof store) => (name === "commit" ? commit : target[name]),
        });
      },
    });
    const [running, queued] = [await begin(), await trigger()];
    isFull = true;
    expect(await trigger().catch(String)).toContain("the disk is full");
    isFull = false;
    expect((await get(queued)).status).toBe("queued");
    await harness.write("go", "");
    expect((await harness.end(running)).status).toBe("succeeded");
    expect((await harness.end(queued)).status).toBe("succeeded");
  });
});

test("the rule that counts is that of the run that comes, and its key that of all pipelines", async () => {
  await open("queue");
  await harness.add("careful", "export const pipeline = () => 'done';", {
    concurrencyLimit: 1,
    concurrencyKey: "deploy",
    onConflict: "skip",
  });
  const first = await begin();
  const skipped = await trigger("careful");
  expect((await get(skipped)).error?.message).toContain(first);
  const queued = await trigger();
  expect((await get(queued)).status).toBe("queued");
  await harness.write("go", "");
  await Promise.all([harness.end(first), harness.end(queued)]);
});

function failed(): never {
  throw new Error("the run is not there");
}
