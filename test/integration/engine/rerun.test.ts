// A run again: with the same input from its beginning, or from a step on, with what came before it taken over.

import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import { rm } from "node:fs/promises";
import type { Run } from "../../../src/core/run.ts";
import { AheadClock } from "../../fixtures/harness/ahead-clock.ts";
import { EngineHarness, until } from "../../fixtures/harness/engine-harness.ts";

let harness: EngineHarness;
let server: ReturnType<typeof Bun.serve> | undefined;
afterEach(async () => {
  await harness.close();
  await server?.stop(true);
  server = undefined;
});

async function consoleOf(id: string): Promise<string[]> {
  return (await harness.logs(id)).filter(({ source }) => source === "console").map(({ text }) => text);
}

async function rerun(id: string, from?: string): Promise<Run> {
  const { runId } = await harness.engine.rerun(id, { from });
  return await harness.end(runId);
}

async function refusal(
  id: string,
  from?: string,
): Promise<{ code: string; message: string; hint: string | undefined }> {
  const thrown: unknown = await harness.engine.rerun(id, { from }).then(
    () => null,
    (error: unknown) => error,
  );
  return thrown as { code: string; message: string; hint: string | undefined };
}

function receive(pipeline: string, body: string): Promise<unknown> {
  return harness.receive(pipeline, {
    url: `/api/webhooks/${pipeline}?x=1`,
    headers: { "x-event": "push" },
    query: { x: "1" },
    body,
  });
}

async function latest(pipeline: string): Promise<Run> {
  const { runs } = await harness.engine.listRuns({ pipeline, limit: 1 });
  if (runs[0] === undefined) throw new Error(`no run of ${pipeline}`);
  return runs[0];
}

describe("from its beginning", () => {
  test("a run has the same input and seed, the version in force, and says what it repeats", async () => {
    harness = await EngineHarness.open({ config: { params: { n: { type: "number", required: true } } } });
    const script = (version: string): string =>
      `export const pipeline = () => ({ version: "${version}", random: Math.random(), context: pipelineContext });`;
    await harness.add("p", script("old"));
    const { runId } = await harness.engine.trigger("p", { params: { n: 3 }, args: ["a", "b"] });
    const old = await harness.end(runId);
    await harness.add("p", script("new"));
    const again = await rerun(runId);
    expect(again).toMatchObject({ status: "succeeded", trigger: "rerun", triggeredBy: "manual", rerunOf: runId });
    expect(again.result).toEqual({
      ...(old.result as object),
      version: "new",
      context: { ...(old.result as { context: object }).context, runID: again.id, rerunOf: runId },
    });
    // One of a rerun has the seed of the first.
    const third = await rerun(again.id);
    expect(third.rerunOf).toBe(again.id);
    expect((third.result as { random: number }).random).toBe((old.result as { random: number }).random);
  });

  test("a webhook's run has its request, also when the run it repeats is removed; its response reaches nobody", async () => {
    harness = await EngineHarness.open();
    await harness.add(
      "hook",
      `export const pipeline = async () => {
         const { body, query, headers } = http.request();
         http.respond({ body: "answer" });
         const step = await runtime.run({ name: "s", command: "true" });
         return { body, query, event: headers["x-event"], by: pipelineContext.triggeredBy, code: step.code };
       };`,
    );
    expect(await receive("hook", "the body")).toMatchObject({ type: "response", body: "answer" });
    const old = await harness.end((await latest("hook")).id);
    const first = await rerun(old.id);
    const second = await rerun(old.id, "s");
    await harness.store.commit([{ type: "run.remove", id: old.id }]);
    const third = await rerun(first.id);
    for (const run of [first, second, third]) {
      expect(run).toMatchObject({ status: "succeeded", result: old.result, triggeredBy: "webhook" });
    }
    const calls = (await harness.store.journal.load(third.id)).calls.map(({ kind }) => kind);
    expect(calls).toEqual(["respond", "step"]);
    const database = new Database(harness.path("runner.db"), { readonly: true });
    const requests = database.query("SELECT run_id FROM inbound_requests ORDER BY run_id").values().flat();
    database.close();
    expect(requests).toEqual([first.id, second.id, third.id]);
  });

  test("is refused for a run that has not ended, one that is not there, and one whose pipeline is gone or wants more", async () => {
    harness = await EngineHarness.open();
    const id = await harness.start("await sleep('30s');");
    expect(await refusal(id)).toMatchObject({ code: "RUN_NOT_ENDED" });
    expect(await refusal(id, "x")).toMatchObject({ code: "RUN_NOT_ENDED" });
    expect(await refusal("nope")).toMatchObject({ code: "RUN_NOT_FOUND" });
    await harness.engine.cancel(id);
    expect((await harness.end(id)).status).toBe("cancelled");
    const again = await harness.engine.rerun(id, {});
    await harness.engine.cancel(again.runId);
  });
});

/** Every kind of call, with marks of what is really done, observed values, and what runs side by side. */
function manyKinds(mark: string, url: string): string {
  return `
    const mark = (text) => \`echo \${text} >> ${mark}\`;
    console.log("begins", pipelineContext.runID);
    const seen = [Date.now(), crypto.randomUUID(), Math.random()];
    const timeout = setTimeout(() => console.log("the time is up"), 20_000);
    const heard = [];
    const a = await runtime.run({ name: "a", command: mark("a") + "; echo one; echo two >&2", env: { RUN: pipelineContext.runID },
      onOutput: (stream, text) => { heard.push(stream + ":" + text); console.log("heard", stream, text.trim()); } });
    await storage.set("count", (storage.get("count") ?? 0) + 1);
    console.log("count", storage.get("count"));
    const answer = await fetch("${url}/x", { method: "POST", body: JSON.stringify(seen) });
    const [b, c] = await Promise.all([
      runtime.run({ name: "b", command: mark("b") + "; sleep 0.2; echo b" }),
      runtime.run({ name: "c", command: mark("c") + "; echo c", onOutput: (_, text) => { console.log("c said", text.trim()); } }),
    ]);
    await artifacts.save("report", "report of " + a.stdout);
    const key = await crypto.hmac("sha256", { secret: "env:KEY" }, "x");
    await sleep("30ms");
    console.log("before d", Math.random() < 2);
    const d = await runtime.run({ name: "d", command: mark("d") + "; exit 3" });
    clearTimeout(timeout);
    const e = await runtime.run({ name: "e", command: mark("e"), env: { D: d.code } });
    console.log("ends");
    return { seen, heard, a: a.stdout, b: b.stdout, c: c.stdout, d: d.code, e: e.code, text: answer.text(), key,
      id: pipelineContext.runID, random: Math.random() };`;
}

describe("from a step", () => {
  test("of many kinds, a run ends as the undisturbed one did, and does only what comes from there on", async () => {
    let fetched = 0;
    server = Bun.serve({ port: 0, fetch: () => new Response(`answer ${++fetched}`) });
    harness = await EngineHarness.open();
    const mark = harness.path("mark");
    const old = await harness.run(manyKinds(mark, server.url.origin));
    expect(old).toMatchObject({ status: "succeeded", error: null });
    const marks = ["a", "b", "c", "d", "e"];
    expect((await harness.lines("mark")).toSorted()).toEqual(marks);
    const lines = await consoleOf(old.id);
    const expected: Readonly<Record<string, { marks: string[]; fetched: number }>> = {
      a: { marks, fetched: 1 },
      [`POST ${server.url.origin}/x`]: { marks: ["b", "c", "d", "e"], fetched: 1 },
      b: { marks: ["b", "c", "d", "e"], fetched: 0 },
      c: { marks: ["c", "d", "e"], fetched: 0 },
      d: { marks: ["d", "e"], fetched: 0 },
      e: { marks: ["e"], fetched: 0 },
    };
    expect(old.steps.map(({ name }) => name)).toEqual(Object.keys(expected));
    for (const [from, done] of Object.entries(expected)) {
      await rm(mark);
      fetched = 0;
      const again = await rerun(old.id, from);
      expect([from, again.error]).toEqual([from, null]);
      expect({ from, result: again.result }).toEqual({ from, result: old.result });
      expect([from, (await harness.lines("mark")).toSorted()]).toEqual([from, done.marks]);
      expect([from, fetched]).toEqual([from, done.fetched]);
      // A counter is raised again by those that begin before it.
      const count = from === "a" ? /count \d/g : /never/g;
      const comparable = (each: string[]): string[] => each.map((line) => line.replace(count, "count")).toSorted();
      expect({ from, lines: comparable(await consoleOf(again.id)) }).toEqual({ from, lines: comparable(lines) });
      expect(again.steps.map(({ name, status, code, kind }) => ({ name, status, code, kind }))).toEqual(
        old.steps.map(({ name, status, code, kind }) => ({ name, status, code, kind })),
      );
      expect(again.artifacts.map(({ name, bytes }) => ({ name, bytes }))).toEqual([{ name: "report", bytes: 14 }]);
      const { path } = await harness.engine.openArtifact(again.id, "report");
      expect(await Bun.file(path).text()).toBe("report of one\n");
    }
  }, 60_000);

  test("a rerun that is interrupted by a restart goes on, and can be run again itself", async () => {
    harness = await EngineHarness.open();
    const mark = harness.path("mark");
    const old = await harness.run(
      `const a = await runtime.run({ name: "a", command: "echo a >> ${mark}; echo out" , onOutput: (_, text) => console.log("heard " + text.trim()) });
       console.log("a is done");
       const b = await runtime.run({ name: "b", command: "echo b >> ${mark}; echo \${A}", env: { A: a.stdout } });
       await sleep("600ms");
       return b.stdout;`,
    );
    const { runId } = await harness.engine.rerun(old.id, { from: "b" });
    await until(async () => (await harness.engine.getRun(runId)).steps[1]?.status === "succeeded");
    harness = await harness.restart();
    const again = await harness.end(runId);
    expect(again).toMatchObject({ status: "succeeded", result: old.result, rerunOf: old.id });
    expect(await harness.lines("mark")).toEqual(["a", "b", "b"]);
    expect(await consoleOf(runId)).toEqual(["heard out", "a is done"]);
    // And once more, from a run that has its own journal from another.
    const third = await rerun(runId, "b");
    expect(third.result).toBe(old.result);
    expect(await harness.lines("mark")).toEqual(["a", "b", "b", "b"]);
    expect(await consoleOf(third.id)).toEqual(["heard out", "a is done"]);
  });

  test("the log goes on behind what is taken over, with a note of where it comes from", async () => {
    harness = await EngineHarness.open();
    const old = await harness.run(
      `console.log("one"); await runtime.run({ name: "a", command: "echo out-a" }); console.log("two");
       await runtime.run({ name: "b", command: "echo out-b; exit 1" }); console.log("three"); throw new Error("wrong");`,
    );
    expect(old.status).toBe("failed");
    const again = await rerun(old.id, "b");
    const entries = await harness.logs(again.id);
    expect(entries.map(({ text }) => text)).toEqual([
      "one",
      "out-a\n",
      "two",
      `goes on from step "b" (2) of run ${old.id}; all before that is taken over from it`,
      "out-b\n",
      "three",
      expect.stringContaining("failed: wrong") as unknown as string,
    ]);
    const seqs = entries.map(({ seq }) => seq);
    expect(seqs).toEqual([...new Set(seqs)].toSorted((x, y) => x - y));
    expect(entries[1]?.stepId).toBe(`${again.id}.1`);
  });

  test("the script is the one of the ended run, whatever the file holds now", async () => {
    harness = await EngineHarness.open();
    const script = (version: string): string =>
      `export const pipeline = async () => { await runtime.run({ name: "a", command: "true" });
         await runtime.run({ name: "b", command: "true" }); return "${version}"; };`;
    await harness.add("p", script("old"));
    const { runId } = await harness.engine.trigger("p", { params: {}, args: [] });
    await harness.end(runId);
    await harness.add("p", script("new"));
    expect((await rerun(runId, "b")).result).toBe("old");
    expect((await rerun(runId)).result).toBe("new");
  });

  test("a step may be named by id, by number, or by a name that only one has", async () => {
    harness = await EngineHarness.open();
    const old = await harness.run(
      `for (const at of [1, 2]) await runtime.run({ name: "deploy", command: "echo " + at + " >> ${harness.path("mark")}" });
       await runtime.run({ name: "check", command: "true" });`,
    );
    expect(await refusal(old.id, "deploy")).toMatchObject({
      code: "VALIDATION_FAILED",
      hint: "give the number of one: 1 (succeeded), 2 (succeeded)",
    });
    expect(await refusal(old.id, "chek")).toMatchObject({ code: "STEP_NOT_FOUND", hint: 'did you mean "check"?' });
    expect(await refusal(old.id, "9")).toMatchObject({ code: "STEP_NOT_FOUND" });
    for (const from of ["2", `${old.id}.2`, "check"]) expect((await rerun(old.id, from)).status).toBe("succeeded");
    expect(await harness.lines("mark")).toEqual(["1", "2", "2", "2"]);
  });

  test("a timer that ran on beside the step has the time it had left, also where it went off the last time", async () => {
    const clock = new AheadClock();
    harness = await EngineHarness.open({ clock });
    const mark = harness.path("mark");
    const id = await harness.start(
      `const limit = new Promise((resolve) => setTimeout(() => resolve("too late"), 90_000));
       await runtime.run({ name: "a", command: "true" });
       const b = runtime.run({ name: "b", command: "echo b >> ${mark}; [ -e ${mark}.fast ] || sleep 1" });
       return await Promise.race([limit, b.then(() => "in time")]);`,
    );
    await until(async () => (await harness.lines("mark")).length === 1);
    clock.advance(100_000);
    expect((await harness.end(id)).result).toBe("too late");
    await harness.write("mark.fast", "");
    clock.advance(3_600_000);
    expect((await rerun(id, "b")).result).toBe("in time");
  });

  test("what never had a result is begun anew, with output that goes on where the script had it", async () => {
    harness = await EngineHarness.open();
    const mark = harness.path("mark");
    const id = await harness.start(
      `const heard = [];
       const long = runtime.run({ name: "long", command: "echo long >> ${mark}; echo 1; [ -e ${mark}.go ] || sleep 30; echo 2",
         onOutput: (_, text) => { heard.push(text); console.log("heard", text.trim()); } });
       while (heard.length === 0) await sleep("10ms");
       const b = await runtime.run({ name: "b", command: "echo b >> ${mark}" });
       await long;
       return heard.join("");`,
    );
    await until(async () => (await harness.lines("mark")).includes("b"));
    await harness.engine.cancel(id);
    expect((await harness.end(id)).status).toBe("cancelled");
    await harness.write("mark.go", "");
    const again = await rerun(id, "b");
    expect(again).toMatchObject({ status: "succeeded", result: "1\n1\n2\n" });
    expect((await harness.lines("mark")).toSorted()).toEqual(["b", "b", "long", "long"]);
    expect(again.steps.map(({ name, status }) => [name, status])).toEqual([
      ["long", "succeeded"],
      ["b", "succeeded"],
    ]);
    const twice = await rerun(again.id, "b");
    expect(twice).toMatchObject({ status: "succeeded" });
  });

  test("a step that was interrupted, failed, or over its time can be begun from", async () => {
    harness = await EngineHarness.open({ config: { timeoutMs: 1500 } });
    const mark = harness.path("mark");
    const id = await harness.start(
      `await runtime.run({ name: "a", command: "echo a >> ${mark}" });
       const b = await runtime.run({ name: "b", command: "[ -e ${mark}.go ] || sleep 30; echo b >> ${mark}" });
       return b.code;`,
    );
    const old = await harness.end(id);
    expect(old).toMatchObject({ status: "timed_out" });
    await harness.write("mark.go", "");
    expect(await rerun(id, "b")).toMatchObject({ status: "succeeded", result: 0 });
    expect(await harness.lines("mark")).toEqual(["a", "b"]);
  });

  test("a step of the time in which the script tidied up is refused", async () => {
    harness = await EngineHarness.open();
    const id = await harness.start(
      `try { await runtime.run({ name: "long", command: "sleep 30" }); }
       finally { await runtime.run({ name: "tidy", command: "true" }); }`,
    );
    await until(async () => (await harness.engine.getRun(id)).steps[0]?.status === "running");
    await harness.engine.cancel(id);
    const old = await harness.end(id);
    expect(old.steps.map(({ name }) => name)).toEqual(["long", "tidy"]);
    expect(await refusal(id, "tidy")).toMatchObject({ code: "RERUN_IMPOSSIBLE", hint: "name a step before that" });
  });

  test("a volume that was made before is gone with the run: that is refused, with the way out", async () => {
    harness = await EngineHarness.open();
    const old = await harness.run(
      `await runtime.run({ name: "a", command: "true" });
       const volume = await volumes.create({ name: "src" });
       await runtime.run({ name: "b", command: "true", mounts: { src: volume } });`,
    );
    const refused = await refusal(old.id, "b");
    expect(refused).toMatchObject({
      code: "RERUN_IMPOSSIBLE",
      hint: 'run it again from its beginning, without a step, or from step 1 "a"',
    });
    expect(refused.message).toContain("had made a volume before");
    expect((await rerun(old.id, "a")).status).toBe("succeeded");
  });

  test("waits that others beside the step have left open are taken over as they were", async () => {
    harness = await EngineHarness.open();
    const id = await harness.start(
      `const nap = sleep("2m").then(() => "slept");
       await runtime.run({ name: "a", command: "true" });
       await runtime.run({ name: "b", command: "exit 1" });
       throw new Error("too early");`,
    );
    await harness.end(id);
    const { runId } = await harness.engine.rerun(id, { from: "a" });
    const again = await harness.end(runId);
    expect(again.steps.map(({ name, kind }) => [name, kind])).toEqual([
      ["sleep", "sleep"],
      ["a", "process"],
      ["b", "process"],
    ]);
  });

  test("of a run that has been removed meanwhile leaves nothing behind", async () => {
    let remove: (() => Promise<void>) | null = null;
    harness = await EngineHarness.open({
      wrapStore: (store) => ({
        ...store,
        commit: async (writes) => {
          if (writes.some(({ type }) => type === "take_over.check")) await remove?.();
          await store.commit(writes);
        },
      }),
    });
    const old = await harness.run(`await artifacts.save("x", "x"); await runtime.run({ name: "a", command: "true" });`);
    remove = async () => {
      remove = null;
      await harness.store.commit([{ type: "run.remove", id: old.id }]);
    };
    expect(await refusal(old.id, "a")).toMatchObject({ code: "RUN_NOT_FOUND" });
    expect((await harness.engine.listRuns({ limit: 10 })).runs).toEqual([]);
    const left = [...new Bun.Glob("*/*").scanSync({ cwd: harness.path("artifacts") })];
    expect(left.every((path) => path.startsWith(old.id))).toBe(true);
  });
});
