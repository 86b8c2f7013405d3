// Runs that start runs of other pipelines: linked, waited for, cancelled together, and neither lost nor doubled by a crash.

import { afterEach, describe, expect, test } from "bun:test";
import type { Run } from "../../../src/core/run.ts";
import { AheadClock } from "../../fixtures/harness/ahead-clock.ts";
import { DyingStore } from "../../fixtures/harness/dying-store.ts";
import { EngineHarness, type HarnessOptions, until } from "../../fixtures/harness/engine-harness.ts";

let harness: EngineHarness;
afterEach(() => harness.close());

const hourMs = 60 * 60 * 1000;

async function addPipeline(id: string, body: string): Promise<void> {
  await harness.add(id, `export const pipeline = async () => {\n${body}\n};\n`);
}

async function runsOf(pipeline: string): Promise<readonly Run[]> {
  return (await harness.engine.listRuns({ pipeline, limit: 100 })).runs;
}

async function onlyRunOf(pipeline: string): Promise<Run> {
  await until(async () => (await runsOf(pipeline)).length > 0);
  const [run, ...others] = await runsOf(pipeline);
  if (run === undefined || others.length > 0) throw new Error(`${others.length + 1} runs of ${pipeline}`);
  return run;
}

async function untilStatus(id: string, status: Run["status"]): Promise<void> {
  await until(async () => (await harness.engine.getRun(id)).status === status);
}

describe("triggerPipeline", () => {
  test("runs another pipeline and gives its end, and both runs know of each other", async () => {
    harness = await EngineHarness.open();
    await addPipeline("home/child", "return { args: pipelineContext.args, by: pipelineContext.triggeredBy };");
    const id = await harness.start(`return await triggerPipeline("home/child", { args: ["a", 1] });`);
    const parent = await harness.end(id);
    const child = await onlyRunOf("home/child");
    expect(parent).toMatchObject({
      status: "succeeded",
      result: { id: child.id, status: "succeeded", result: { args: ["a", "1"], by: "pipeline" }, error: null },
      steps: [{ name: "home/child", kind: "pipeline", status: "succeeded", runId: child.id }],
    });
    expect(child).toMatchObject({ trigger: "pipeline", parent: { runId: id, number: 1 } });
  });

  test("gives the parameters, of their declared types", async () => {
    const params = {
      keep: { type: "number", required: true },
      target: { type: "string", required: false, default: "nas" },
    };
    harness = await EngineHarness.open({ config: { params: params as never } });
    await addPipeline("child", "return pipelineContext.params;");
    await addPipeline("parent", `return (await triggerPipeline("child", { params: { keep: "7" } })).result;`);
    const { runId } = await harness.engine.trigger("parent", { params: { keep: 1 }, args: [] });
    expect((await harness.end(runId)).result).toEqual({ keep: 7, target: "nas" });
  });

  test("does not throw where the other run fails: that is in what it gives", async () => {
    harness = await EngineHarness.open();
    await addPipeline("child", `throw new Error("broken pipe");`);
    const run = await harness.run(`return await triggerPipeline("child");`);
    expect(run).toMatchObject({
      status: "succeeded",
      result: { status: "failed", result: null, error: { code: "SCRIPT_ERROR", message: "broken pipe", line: 2 } },
      steps: [{ status: "failed", message: "broken pipe" }],
    });
  });

  test("with wait: false gives the id at once, and the other run goes on by itself", async () => {
    harness = await EngineHarness.open();
    await addPipeline("child", `return await signal.wait("go");`);
    const parent = await harness.run(
      `const child = await triggerPipeline("child", { wait: false }); return [child, child.runID];`,
    );
    const child = await onlyRunOf("child");
    expect(parent).toMatchObject({
      result: [{ id: child.id }, child.id],
      steps: [{ kind: "pipeline", status: "succeeded", runId: child.id }],
    });
    await untilStatus(child.id, "waiting");
    await harness.engine.signal(child.id, "go", 1);
    expect(await harness.end(child.id)).toMatchObject({ result: 1, parent: { runId: parent.id } });
  });

  test("rejects with the code of what keeps the other run from being created, and creates none", async () => {
    harness = await EngineHarness.open();
    await addPipeline("child", "return 1;");
    const run = await harness.run(
      `const codes = [];
       for (const [name, options] of [["chidl"], ["child", { params: { nope: 1 } }]]) {
         await triggerPipeline(name, options).catch((error) => codes.push([error.code, error.hint]));
       }
       return codes;`,
    );
    expect(run.result).toEqual([
      ["PIPELINE_NOT_FOUND", 'did you mean "child"?'],
      ["PARAM_INVALID", expect.anything()],
    ] as never);
    expect(run.steps).toEqual([]);
    expect(await runsOf("child")).toEqual([]);
  });

  test("ends in an error where runs have started each other ten deep", async () => {
    harness = await EngineHarness.open();
    await addPipeline(
      "again",
      `const depth = Number(pipelineContext.args[0] ?? 0);
       const below = await triggerPipeline("again", { args: [depth + 1] }).catch((error) => ({ result: [depth, error.code] }));
       return below.result;`,
    );
    const { runId } = await harness.engine.trigger("again", { params: {}, args: [] });
    expect((await harness.end(runId)).result).toEqual([10, "DEPTH_LIMIT"]);
    expect(await runsOf("again")).toHaveLength(11);
  });

  test("is no deadlock where one run may execute at once", async () => {
    harness = await EngineHarness.open({ maxConcurrentRuns: 1 });
    await addPipeline("leaf", "return pipelineContext.args[0];");
    await addPipeline("middle", `return (await triggerPipeline("leaf", { args: pipelineContext.args })).result;`);
    const id = await harness.start(
      `const ends = await Promise.all(["a", "b", "c"].map((arg) => triggerPipeline("middle", { args: [arg] })));
       return ends.map(({ result }) => result);`,
    );
    expect((await harness.end(id)).result).toEqual(["a", "b", "c"]);
  });

  test("is none either beside a script that looks again and again whether the other run has ended", async () => {
    harness = await EngineHarness.open({ maxConcurrentRuns: 1 });
    await addPipeline("child", "return 1;");
    const id = await harness.start(
      `let ended = false;
       void triggerPipeline("child").then(() => (ended = true));
       while (!ended) await sleep("1s");
       return "saw it";`,
    );
    expect((await harness.end(id)).result).toBe("saw it");
  });

  test("is refused where the other run could begin only after this one, unless nobody waits for it", async () => {
    harness = await EngineHarness.open({ config: { concurrencyLimit: 1 } });
    await addPipeline(
      "again",
      `if (pipelineContext.args.length > 0) return "second";
       const code = await triggerPipeline("again").catch((error) => error.code);
       const { id } = await triggerPipeline("again", { args: ["x"], wait: false });
       return [code, id];`,
    );
    const { runId } = await harness.engine.trigger("again", { params: {}, args: [] });
    const [code, second] = (await harness.end(runId)).result as [string, string];
    expect(code).toBe("DEADLOCK");
    expect(await harness.end(second)).toMatchObject({ status: "succeeded", result: "second" });
  });

  test("waits with the others where its pipeline is at its limit", async () => {
    harness = await EngineHarness.open({ config: { concurrencyLimit: 1 } });
    await addPipeline("child", `await runtime.run({ name: "s", command: "sleep 0.2" }); return 1;`);
    const id = await harness.start(
      `return (await Promise.all([triggerPipeline("child"), triggerPipeline("child")])).map(({ result }) => result);`,
    );
    expect((await harness.end(id)).result).toEqual([1, 1]);
    const [late, early] = await runsOf("child");
    expect(late?.startedAt ?? 0).toBeGreaterThanOrEqual(early?.finishedAt ?? Number.POSITIVE_INFINITY);
  });
});

describe("a run that waits for another one", () => {
  const longChild = `try { await sleep("5h"); } finally { console.log("tidies"); }`;

  async function start(options: HarnessOptions = {}, child = longChild): Promise<{ parent: string; child: string }> {
    harness = await EngineHarness.open(options);
    await addPipeline("child", child);
    const parent = await harness.start(`return await triggerPipeline("child");`);
    return { parent, child: (await onlyRunOf("child")).id };
  }

  test("takes it along when it is cancelled", async () => {
    const { parent, child } = await start();
    await untilStatus(parent, "waiting");
    await untilStatus(child, "waiting");
    await harness.engine.cancel(parent);
    expect(await harness.end(parent)).toMatchObject({ status: "cancelled", steps: [{ status: "cancelled" }] });
    const ended = await harness.end(child);
    expect(ended).toMatchObject({ status: "cancelled", error: { code: "RUN_CANCELLED" } });
    expect(ended.error?.message).toContain(parent);
    expect((await harness.logs(child)).map(({ text }) => text)).toContain("tidies");
  });

  test("takes it along when it is cancelled and the other one has the only place", async () => {
    const { parent, child } = await start(
      { maxConcurrentRuns: 1 },
      `await runtime.run({ name: "long", command: "sleep 60" });`,
    );
    await until(async () => (await harness.engine.getRun(child)).steps[0]?.status === "running");
    await harness.engine.cancel(parent);
    expect(await harness.end(child)).toMatchObject({ status: "cancelled" });
    expect(await harness.end(parent)).toMatchObject({ status: "cancelled" });
  });

  test("takes it along when it is over its time and the other one has the only place", async () => {
    const clock = new AheadClock();
    harness = await EngineHarness.open({ clock, maxConcurrentRuns: 1 });
    await addPipeline("child", `await runtime.run({ name: "long", command: "sleep 60" });`);
    const script = `export const pipeline = async () => await triggerPipeline("child");`;
    await harness.add("limited", script, { timeoutMs: hourMs });
    const { runId } = await harness.engine.trigger("limited", { params: {}, args: [] });
    const child = await onlyRunOf("child");
    await until(async () => (await harness.engine.getRun(child.id)).steps[0]?.status === "running");
    clock.advance(hourMs + 1000);
    expect(await harness.end(child.id)).toMatchObject({ status: "cancelled" });
    expect(await harness.end(runId)).toMatchObject({ status: "timed_out" });
  });

  test("takes along those below it too", async () => {
    harness = await EngineHarness.open();
    await addPipeline("leaf", longChild);
    await addPipeline("middle", `await triggerPipeline("leaf");`);
    const id = await harness.start(`await triggerPipeline("middle");`);
    const leaf = await onlyRunOf("leaf");
    await untilStatus(leaf.id, "waiting");
    await harness.engine.cancel(id);
    expect(await harness.end(leaf.id)).toMatchObject({ status: "cancelled" });
    expect(await harness.end((await onlyRunOf("middle")).id)).toMatchObject({ status: "cancelled" });
  });

  test("takes one along that has not begun", async () => {
    harness = await EngineHarness.open({ config: { concurrencyLimit: 1 } });
    await addPipeline("child", `await runtime.run({ name: "busy", command: "sleep 60" });`);
    const { runId: busy } = await harness.engine.trigger("child", { params: {}, args: [] });
    await until(async () => (await harness.engine.getRun(busy)).steps[0]?.status === "running");
    const parent = await harness.start(`await triggerPipeline("child");`);
    await untilStatus(parent, "waiting");
    await harness.engine.cancel(parent);
    await harness.end(parent);
    const queued = (await runsOf("child")).find(({ id }) => id !== busy);
    expect(await harness.end(queued?.id ?? "")).toMatchObject({ status: "cancelled", startedAt: null });
  });

  test("goes on when the other one is cancelled by itself", async () => {
    const { parent, child } = await start();
    await untilStatus(child, "waiting");
    await harness.engine.cancel(child);
    expect(await harness.end(parent)).toMatchObject({
      status: "succeeded",
      result: { id: child, status: "cancelled", error: { code: "RUN_CANCELLED" } },
      steps: [{ status: "cancelled" }],
    });
  });

  test("leaves it alone where it has just not waited for it", async () => {
    harness = await EngineHarness.open();
    await addPipeline("child", `return await signal.wait("go");`);
    const parent = await harness.run(`void triggerPipeline("child"); await sleep("50ms"); return "done";`);
    expect(parent).toMatchObject({
      status: "succeeded",
      steps: [{ status: "succeeded", message: "the run ended without waiting for it" }],
    });
    const child = await onlyRunOf("child");
    await untilStatus(child.id, "waiting");
    await harness.engine.signal(child.id, "go", 1);
    expect(await harness.end(child.id)).toMatchObject({ status: "succeeded" });
  });

  test("is given its end also where that came while the server was down", async () => {
    const { parent, child } = await start({}, `return await signal.wait("go");`);
    await untilStatus(parent, "waiting");
    await untilStatus(child, "waiting");
    // As a server leaves it that died between the end of the one and the news to the other.
    await harness.store.commit([
      { type: "run.finish", id: child, status: "succeeded", result: "late", error: null, at: Date.now() },
    ]);
    harness = await harness.restart();
    expect(await harness.end(parent)).toMatchObject({ status: "succeeded", result: { id: child, result: "late" } });
  });

  test("takes it along also where the server died before that one was asked to end", async () => {
    const { parent, child } = await start();
    await untilStatus(parent, "waiting");
    await untilStatus(child, "waiting");
    const [step] = (await harness.engine.getRun(parent)).steps;
    if (step === undefined) throw new Error("no step");
    const at = Date.now();
    await harness.store.commit([
      { type: "step.put", runId: parent, step: { ...step, status: "cancelled", finishedAt: at } },
      { type: "run.finish", id: parent, status: "cancelled", result: null, error: null, at },
    ]);
    harness = await harness.restart();
    expect(await harness.end(child)).toMatchObject({ status: "cancelled" });
  });

  test("goes on waiting after a restart", async () => {
    const { parent, child } = await start({}, `return await signal.wait("go");`);
    await untilStatus(parent, "waiting");
    await untilStatus(child, "waiting");
    harness = await harness.restart();
    await harness.engine.signal(child, "go", "on");
    expect((await harness.end(parent)).result).toMatchObject({ id: child, result: "on" });
  });
});

/** The server dies with the nth commit after the start of `parent`, and comes back. False where it is done before that. */
async function crashAt(
  nth: number,
  parent: string,
  child: string,
  meanwhile: (life: EngineHarness) => Promise<void> = async () => {},
): Promise<boolean> {
  const [clock, dying] = [new AheadClock(), new DyingStore()];
  harness = await EngineHarness.open({ clock, processes: 1, wrapStore: dying.wrap });
  await addPipeline("child", child);
  await addPipeline("parent", parent);
  let left = nth;
  dying.arm(() => --left === 0, { isDurable: true });
  const started = harness.engine.trigger("parent", { params: {}, args: [] });
  const ended = started.then(async ({ runId }) => await harness.end(runId));
  void meanwhile(harness).catch(() => undefined);
  const isDead = await Promise.race([dying.dead.then(() => true), ended.then(() => false)]);
  if (!isDead) return false;
  const back = harness.restart({ wrapStore: (store) => store });
  // A life that cannot write gives up after a while, which need not be waited for.
  const hurry = setInterval(() => clock.advance(10_000), 20);
  harness = await back;
  clearInterval(hurry);
  return true;
}

describe("a crash at any moment", () => {
  test("loses no run of another pipeline, makes no second one, and keeps its end from nobody", async () => {
    let nth = 1;
    for (; await crashAt(nth, `return await triggerPipeline("child");`, `await sleep("1ms"); return "done";`); nth++) {
      const parent = await onlyRunOf("parent");
      expect(await harness.end(parent.id)).toMatchObject({ status: "succeeded", result: { result: "done" } });
      const child = await onlyRunOf("child");
      expect(child).toMatchObject({ status: "succeeded", parent: { runId: parent.id } });
      expect((await harness.engine.getRun(parent.id)).steps).toMatchObject([{ status: "succeeded", runId: child.id }]);
      await harness.close();
    }
    // Run, call with child, wait, child's turns and end, answer, end.
    expect(nth).toBeGreaterThan(6);
  }, 300_000);

  test("leaves no run of another pipeline behind that was to be cancelled", async () => {
    const cancel = async (life: EngineHarness): Promise<void> => {
      const list = async (pipeline: string) => (await life.engine.listRuns({ pipeline, limit: 1 })).runs[0];
      await until(async () => (await list("child"))?.status === "waiting");
      await life.engine.cancel((await list("parent"))?.id ?? "");
    };
    const child = `await signal.wait("never");`;
    let nth = 1;
    for (; await crashAt(nth, `return await triggerPipeline("child");`, child, cancel); nth++) {
      const parent = await onlyRunOf("parent");
      const wasCancelled = (await harness.store.runs.findKept(parent.id))?.cancel !== null;
      if (!wasCancelled) await cancel(harness);
      expect(await harness.end(parent.id)).toMatchObject({ status: "cancelled", steps: [{ status: "cancelled" }] });
      expect(await harness.end((await onlyRunOf("child")).id)).toMatchObject({ status: "cancelled" });
      await harness.close();
    }
    expect(nth).toBeGreaterThan(8);
  }, 300_000);
});
