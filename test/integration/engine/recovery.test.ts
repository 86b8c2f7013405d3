// A run goes on over a restart of the server: nothing is lost, nothing is done twice, nothing is told twice.

import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { isLive, readProcessStat } from "../../../src/executors/process/process-stat.ts";
import { AheadClock } from "../../fixtures/harness/ahead-clock.ts";
import { EngineHarness, runIdOf, until } from "../../fixtures/harness/engine-harness.ts";

let harness: EngineHarness;
afterEach(() => harness.close());

async function consoleOf(id: string): Promise<string[]> {
  return (await harness.logs(id)).filter(({ source }) => source === "console").map(({ text }) => text);
}

describe("a run that was executing", () => {
  test("goes on behind its finished steps, with its observed values and one copy of each console line", async () => {
    harness = await EngineHarness.open();
    const mark = harness.path("mark");
    const id = await harness.start(
      `console.log("begins");
       const seen = [Date.now(), crypto.randomUUID(), Math.random()];
       const a = await runtime.run({ name: "a", command: "echo a >> ${mark}; echo out-a" });
       await storage.set("n", 1);
       console.log("waits");
       await sleep("700ms");
       const b = await runtime.run({ name: "b", command: "echo b >> ${mark}; echo out-b" });
       console.log("ends", storage.get("n"));
       return [a.stdout, b.stdout, seen];`,
    );
    await until(async () => (await consoleOf(id)).includes("waits"));
    const before = new Database(harness.path("runner.db"), { readonly: true });
    const observed = before.query('SELECT "values" FROM journal_observations WHERE run_id = ?').all(id);
    before.close();
    harness = await harness.restart();
    const run = await harness.end(id);
    expect(run.error).toBeNull();
    expect(run.status).toBe("succeeded");
    const [a, b, seen] = run.result as [string, string, unknown[]];
    expect([a, b]).toEqual(["out-a\n", "out-b\n"]);
    expect(JSON.stringify(observed)).toContain(String(seen[0]));
    expect(await harness.lines("mark")).toEqual(["a", "b"]);
    expect(await consoleOf(id)).toEqual(["begins", "waits", "ends 1"]);
    const seqs = (await harness.logs(id)).map(({ seq }) => seq);
    expect(seqs).toEqual(seqs.toSorted((x, y) => x - y));
    expect(new Set(seqs).size).toBe(seqs.length);
  });

  test("sleeps to the time it began to sleep for, not anew", async () => {
    harness = await EngineHarness.open();
    const id = await harness.start("const slept = sleep('50s'); console.log('sleeps'); await slept; return 'slept';");
    // Calls are recorded in their order: the sleep is on disk where the line is.
    await until(async () => (await consoleOf(id)).includes("sleeps"));
    const later = new AheadClock();
    later.advance(51_000);
    // One that began anew would keep this test waiting until it fails.
    harness = await harness.restart({ clock: later });
    expect((await harness.end(id)).result).toBe("slept");
  });

  test("keeps its time limit, the time without a server included", async () => {
    harness = await EngineHarness.open({ config: { timeoutMs: 1000 } });
    const id = await harness.start("await sleep('30s');");
    await until(async () => (await harness.engine.getRun(id)).status === "running");
    await Bun.sleep(1100);
    harness = await harness.restart();
    const run = await harness.end(id);
    expect(run).toMatchObject({ status: "timed_out", error: { code: "RUN_TIMEOUT" } });
  });

  test("of a script that the file no longer has goes on with the script it began with", async () => {
    harness = await EngineHarness.open();
    await harness.add("changing", "export const pipeline = async () => { await sleep('500ms'); return 'old'; };");
    const { runId } = await harness.engine.trigger("changing", { params: {}, args: [] });
    await until(async () => (await harness.engine.getRun(runId)).status === "running");
    await harness.add("changing", "export const pipeline = async () => 'new';");
    harness = await harness.restart();
    expect((await harness.end(runId)).result).toBe("old");
  });

  test("that makes other calls when executed again fails with NONDETERMINISTIC, and its step is ended", async () => {
    harness = await EngineHarness.open();
    const id = await harness.start(
      "const at = Date.now();\n const first = runtime.run({ name: 'long', command: 'sleep 20' });\n await runtime.run({ name: 'at ' + at, command: 'true' });\n await first;",
    );
    await until(async () => (await harness.engine.getRun(id)).steps[1]?.status === "succeeded");
    const path = harness.path("runner.db");
    const pid = Number(new TextDecoder().decode(Bun.spawnSync(["pgrep", "-n", "-f", "^sleep 20$"]).stdout));
    expect(pid).toBeGreaterThan(0);
    await harness.engine.stop({ stopSteps: false, graceMs: 1000 });
    await harness.store.close();
    const database = new Database(path);
    database.run(
      `UPDATE journal_observations SET "values" = json_set("values", '$.clockChanges[0][1]', 12345) WHERE run_id = ?`,
      [id],
    );
    database.close();
    harness = await harness.restart();
    const run = await harness.end(id);
    expect(run).toMatchObject({ status: "failed", error: { code: "NONDETERMINISTIC", line: 4 } });
    expect(run.error?.message).toContain("at 12345");
    expect(run.steps.map(({ finishedAt }) => finishedAt === null)).toEqual([false, false]);
    const left = readProcessStat(pid);
    expect(left === null || !isLive(left)).toBe(true);
  });

  test("of another journal format fails and says so", async () => {
    harness = await EngineHarness.open();
    const id = await harness.start("await sleep('30s');");
    await until(async () => (await harness.engine.getRun(id)).status === "running");
    await harness.engine.stop({ stopSteps: false, graceMs: 1000 });
    await harness.store.close();
    const database = new Database(harness.path("runner.db"));
    database.run("UPDATE runs SET journal_format = 99 WHERE id = ?", [id]);
    database.close();
    harness = await harness.restart();
    const run = await harness.end(id);
    expect(run).toMatchObject({ status: "failed", error: { code: "RUN_INCOMPATIBLE" } });
    expect(run.error?.message).toContain("format 99");
  });
});

test("a step that ends while the server stops is not run again by the next life", async () => {
  harness = await EngineHarness.open();
  const mark = harness.path("mark");
  const id = await harness.start(
    `return (await runtime.run({ command: "echo begun > ${mark}-begun; while [ ! -e ${mark}-go ]; do sleep 0.01; done; echo x >> ${mark}; exit 3" })).code;`,
  );
  await until(async () => (await harness.lines("mark-begun")).length === 1);
  await harness.engine.stop({ stopSteps: false, graceMs: 1000 });
  await harness.write("mark-go", "");
  await until(async () => (await harness.lines("mark")).length === 1);
  // The process of this life is there still, and sees the end.
  await Bun.sleep(300);
  harness = await harness.restart();
  expect(await harness.end(id)).toMatchObject({ status: "succeeded", result: 3, steps: [{ attempts: 1 }] });
  expect(await harness.lines("mark")).toEqual(["x"]);
});

test("a step whose command was never reached is begun as if nothing had happened", async () => {
  harness = await EngineHarness.open();
  const mark = harness.path("mark");
  const id = await harness.start(
    `return (await runtime.run({ command: "echo x >> ${mark}; [ -e ${mark}-go ] || exec sleep 30", onInterrupt: "fail" })).code;`,
  );
  await until(async () => (await harness.lines("mark")).length === 1);
  const folder = join(harness.path("spool"), `${id}.1`);
  await until(() => existsSync(join(folder, "process")));
  await harness.engine.stop({ stopSteps: false, graceMs: 1000 });
  // As if that life had ended between the record of the step and its start.
  const { pid } = JSON.parse(readFileSync(join(folder, "process"), "utf8")) as { readonly pid: number };
  process.kill(-pid, "SIGKILL");
  rmSync(folder, { recursive: true });
  await harness.write("mark-go", "");
  harness = await harness.restart();
  expect(await harness.end(id)).toMatchObject({ status: "succeeded", result: 0, steps: [{ attempts: 1 }] });
  expect((await harness.logs(id)).filter(({ source }) => source === "system")).toEqual([]);
});

test("runs that were queued keep their order and their request", async () => {
  harness = await EngineHarness.open({ maxConcurrentRuns: 1 });
  await harness.add(
    "hook",
    "export const pipeline = async () => { await sleep('150ms'); return http.request().body; };",
  );
  const answers = [];
  for (let index = 0; index < 4; index++) {
    answers.push(harness.receive("hook", { body: `body ${index}` }));
  }
  await until(async () => (await harness.engine.listRuns({ limit: 10 })).runs.length === 4);
  harness = await harness.restart();
  const ids = (await Promise.all(answers)).map(runIdOf);
  const runs = await Promise.all(ids.map((id) => harness.end(id)));
  expect(runs.map(({ result }) => result)).toEqual(["body 0", "body 1", "body 2", "body 3"]);
  const ends = runs.map(({ finishedAt }) => finishedAt ?? 0);
  expect(ends).toEqual(ends.toSorted((a, b) => a - b));
});

test("a script that has returned still waits for the step it did not await", async () => {
  harness = await EngineHarness.open();
  const id = await harness.start(
    `void runtime.run({ name: "late", command: "sleep 1; echo done >> ${harness.path("late")}" }); return 1;`,
  );
  await until(async () => (await harness.engine.getRun(id)).steps[0]?.status === "running");
  harness = await harness.restart();
  const run = await harness.end(id);
  expect(run).toMatchObject({ status: "succeeded", result: 1, steps: [{ status: "succeeded" }] });
  expect((await harness.lines("late")).length).toBeGreaterThan(0);
});

test("a run whose news, or whose cancelling, came while it was outside memory goes on after the next start", async () => {
  harness = await EngineHarness.open();
  const id = await harness.start("try { await sleep('5h'); } finally { console.log('tidies'); }");
  await until(async () => (await harness.engine.getRun(id)).status === "waiting");
  await harness.engine.stop({ stopSteps: false, graceMs: 1000 });
  // As a server leaves it that dies right after it has recorded the request.
  const cancel = { code: "RUN_CANCELLED", message: "on request", at: Date.now() } as const;
  await harness.store.commit([
    { type: "run.cancel", id, cancel },
    { type: "run.wake", id, at: cancel.at },
  ]);
  harness = await harness.restart();
  expect(await harness.end(id)).toMatchObject({ status: "cancelled", error: { message: "on request" } });
  expect(await consoleOf(id)).toEqual(["tidies"]);
});

test("calls that the script makes while it catches up are made once", async () => {
  harness = await EngineHarness.open();
  const mark = harness.path("mark");
  const id = await harness.start(
    `await runtime.run({ name: "a", command: "echo a >> ${mark}" });
     await sleep("50ms");
     for (let i = 0; i < 5; i++) await Promise.all([storage.set("k" + i, i), runtime.run({ name: "b" + i, command: "echo b" + i + " >> ${mark}" })]);
     return storage.list();`,
  );
  await until(async () => (await harness.engine.getRun(id)).steps[0]?.status === "succeeded");
  await harness.engine.stop({ stopSteps: false, graceMs: 1000 });
  await harness.store.close();
  // The result of the first step is on disk, but what the script did with it is not: it goes on live at once.
  const database = new Database(harness.path("runner.db"));
  const after = database.query("SELECT max(seq) AS seq FROM journal_deliveries WHERE run_id = ?").get(id) as {
    seq: number;
  };
  expect(after.seq).toBeGreaterThan(0);
  for (const table of ["journal_outcomes", "journal_calls", "steps"]) {
    database.run(`DELETE FROM ${table} WHERE run_id = ? AND number > 1`, [id]);
  }
  database.run("DELETE FROM journal_deliveries WHERE run_id = ? AND call > 1", [id]);
  database.run("UPDATE runs SET status = 'running', finished_at = NULL, result = NULL WHERE id = ?", [id]);
  database.close();
  await harness.write("mark", "a\n");
  harness = await harness.restart();
  const run = await harness.end(id);
  expect(run.error).toBeNull();
  expect((await harness.lines("mark")).toSorted()).toEqual(["a", "b0", "b1", "b2", "b3", "b4"]);
});
