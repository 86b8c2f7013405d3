// A run that is cancelled or over its time may tidy up: the awaited call throws, and `finally` may run steps.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { AheadClock } from "../../fixtures/harness/ahead-clock.ts";
import { EngineHarness, until } from "../../fixtures/harness/engine-harness.ts";

let harness: EngineHarness;
beforeAll(async () => {
  harness = await EngineHarness.open();
});
afterAll(() => harness.close());

async function consoleOf(id: string): Promise<string[]> {
  return (await harness.logs(id)).filter(({ source }) => source === "console").map(({ text }) => text);
}

async function untilSays(id: string, text: string): Promise<void> {
  await until(async () => (await consoleOf(id)).includes(text));
}

describe("cancelling a run", () => {
  test("throws CancelledError at the awaited step, ends that step, and lets `finally` run another one", async () => {
    const id = await harness.start(
      `try {
         console.log("up");
         await runtime.run({ name: "long", command: "sleep 30" });
       } catch (error) {
         console.log(error instanceof CancelledError, error.name, error.code, error.message);
         throw error;
       } finally {
         const r = await runtime.run({ name: "down", command: "echo tidied >> ${harness.path("tidied")}; echo ok" });
         console.log("finally", r.stdout.trim());
       }`,
    );
    await untilSays(id, "up");
    await until(async () => (await harness.engine.getRun(id)).steps[0]?.status === "running");
    await harness.engine.cancel(id);
    const run = await harness.end(id);
    expect(run).toMatchObject({ status: "cancelled", error: { code: "RUN_CANCELLED" } });
    expect(run.steps.map(({ name, status }) => [name, status])).toEqual([
      ["long", "cancelled"],
      ["down", "succeeded"],
    ]);
    expect(await consoleOf(id)).toEqual([
      "up",
      "true CancelledError RUN_CANCELLED the run was cancelled on request",
      "finally ok",
    ]);
    expect(await harness.lines("tidied")).toEqual(["tidied"]);
  });

  test("is cancelled whatever the script makes of it", async () => {
    for (const body of [
      "try { await sleep('30s'); } catch { return 'fine'; }",
      "try { await sleep('30s'); } catch { throw new Error('other'); }",
      "setTimeout(() => console.log('never'), 200); await new Promise((resolve) => setTimeout(resolve, 30_000));",
    ]) {
      const id = await harness.start(`console.log("up"); ${body}`);
      await untilSays(id, "up");
      await harness.engine.cancel(id);
      expect(await harness.end(id)).toMatchObject({ status: "cancelled", result: null });
      expect(await consoleOf(id)).toEqual(["up"]);
    }
  });

  test("a second time ends it at once", async () => {
    const id = await harness.start(
      "try { console.log('up'); await sleep('30s'); } finally { console.log('tidies'); await sleep('30s'); }",
    );
    await untilSays(id, "up");
    await harness.engine.cancel(id);
    await untilSays(id, "tidies");
    expect((await harness.engine.getRun(id)).status).toBe("running");
    await harness.engine.cancel(id);
    expect((await harness.end(id)).status).toBe("cancelled");
  });

  test("every waiting call is rejected, and one made afterwards works", async () => {
    const id = await harness.start(
      `console.log("up");
       const calls = [sleep("30s"), runtime.run({ name: "a", command: "sleep 30" }), runtime.run({ name: "b", command: "sleep 30" })];
       const settled = await Promise.allSettled(calls);
       console.log(settled.map(({ reason }) => reason.name).join());
       await storage.set("after", 1);
       console.log(storage.get("after"));`,
    );
    await untilSays(id, "up");
    await harness.engine.cancel(id);
    await harness.end(id);
    expect((await consoleOf(id)).slice(1)).toEqual(["CancelledError,CancelledError,CancelledError", "1"]);
  });
});

test("a run over its time limit throws at the awaited call and ends as timed out", async () => {
  const quick = await EngineHarness.open({ config: { timeoutMs: 400 } });
  try {
    const run = await quick.run(
      "try { await sleep('30s'); } catch (error) { console.log(error.code); } finally { await runtime.run({ name: 'tidy', command: 'true' }); }",
    );
    expect(run).toMatchObject({ status: "timed_out", error: { code: "RUN_TIMEOUT" } });
    expect(run.steps).toMatchObject([{ name: "tidy", status: "succeeded" }]);
    const texts = (await quick.logs(run.id)).map(({ text }) => text);
    expect(texts).toContain("RUN_TIMEOUT");
  } finally {
    await quick.close();
  }
});

test("a restart in the middle of tidying up goes on with it however long it took, and cancels nothing a second time", async () => {
  let other = await EngineHarness.open();
  try {
    const id = await other.start(
      `try { await sleep("30s"); }
       catch (error) { console.log(error.name); }
       finally {
         await sleep("600ms");
         await runtime.run({ name: "tidy", command: "echo tidied >> ${other.path("tidied")}" });
       }`,
    );
    await until(async () => (await other.engine.getRun(id)).status === "running");
    await other.engine.cancel(id);
    await until(async () => (await other.logs(id)).some(({ text }) => text === "CancelledError"));
    const later = new AheadClock();
    later.advance(60_000);
    other = await other.restart({ clock: later });
    const run = await other.end(id);
    expect(run.status).toBe("cancelled");
    expect(await other.lines("tidied")).toEqual(["tidied"]);
    const lines = (await other.logs(id)).filter(({ source }) => source === "console");
    expect(lines.map(({ text }) => text)).toEqual(["CancelledError"]);
  } finally {
    await other.close();
  }
});
