// The compiled binary keeps its schedules and its queue: over kills, pauses, and more runs than may wait.

import { afterAll, describe, expect, test } from "bun:test";
import type { RunJson } from "../../src/core/run-json.ts";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { eventually } from "../fixtures/harness/eventually.ts";
import { runBinary } from "../fixtures/harness/run-binary.ts";
import { Workspace } from "../fixtures/harness/workspace.ts";

const servers: BinaryServer[] = [];
afterAll(async () => {
  for (const server of servers) await server.remove();
});

async function start(options: Parameters<typeof BinaryServer.start>[0] = {}): Promise<BinaryServer> {
  const server = await BinaryServer.start(options);
  servers.push(server);
  return server;
}

const everySecond = `
export const config = { schedule: "@every 1s" };
export const pipeline = () => new Date().toISOString();
`;

/** Oldest first. */
async function scheduledRuns(server: BinaryServer): Promise<readonly RunJson[]> {
  return (await server.listRuns("pipeline=ticker")).toReversed();
}

describe("a schedule", () => {
  test("has exactly one run for each tick, over kills at any moment", async () => {
    const workspace = new Workspace({ "ticker.ts": everySecond });
    for (let life = 0; life < 4; life++) {
      const server = await start({ workspace });
      const before = (await scheduledRuns(server)).length;
      await eventually("two more runs", async () => (await scheduledRuns(server)).length >= before + 2);
      await Bun.sleep(Math.random() * 1000);
      await server.kill();
    }
    const server = await start({ workspace });
    const runs = await scheduledRuns(server);
    const ticks = runs.map((run) => run.scheduled_at);
    expect(new Set(ticks).size).toBe(ticks.length);
    expect(ticks).toEqual(ticks.toSorted((a, b) => ((a ?? "") < (b ?? "") ? -1 : 1)));
    expect(ticks.every((tick) => tick?.endsWith(".000Z"))).toBe(true);
    expect(runs.every(({ trigger }) => trigger === "schedule")).toBe(true);
  }, 120_000);

  test("is listed with its next time, in force when it is saved, and gone with its file", async () => {
    const server = await start({
      pipelines: { "nightly.ts": "export const config = { schedule: '0 3 * * *' };\nexport const pipeline = () => 1;" },
      env: { TZ: "Asia/Kathmandu" },
    });
    const { workspace } = server;
    const list = async (): Promise<string> => (await runBinary(workspace, ["schedules"])).stdout;
    expect(await list()).toMatch(
      /^nightly +0 3 \* \* \* +Asia\/(?:Kathmandu|Katmandu) +\d{4}-\d\d-\d\d \d\d:\d\d:00 \(in /m,
    );
    const { schedules } = JSON.parse((await runBinary(workspace, ["schedules", "--json"])).stdout) as {
      schedules: { next: string[] }[];
    };
    // Three in the morning in Nepal.
    expect(schedules[0]?.next.every((time) => time.endsWith("T21:15:00.000Z"))).toBe(true);
    workspace.save("ticker.ts", everySecond);
    await eventually("a run of the saved schedule", async () => (await scheduledRuns(server)).length > 0);
    await runBinary(workspace, ["remove-pipeline", "nightly"]);
    expect(await list()).not.toContain("nightly");
  });

  test("that never ticks is refused by check, at its line", async () => {
    const workspace = new Workspace({
      "never.ts": "export const config = {\n  schedule: '0 0 30 2 *',\n};\nexport const pipeline = () => 1;",
      "zone.ts":
        "export const config = {\n  schedule: { cron: '@daily',\n    timezone: 'Europe/Berln' },\n};\nexport const pipeline = () => 1;",
      "key.ts":
        "export const config = {\n  concurrency: { key: 'a-${paylod.ref}' },\n};\nexport const pipeline = () => 1;",
    });
    const { code, stdout } = await runBinary(workspace, ["check"]);
    expect(code).toBe(65);
    expect(stdout).toContain("never.ts:2:3 ");
    expect(stdout).toContain('"0 0 30 2 *" never ticks');
    expect(stdout).toContain("zone.ts:3:5 ");
    expect(stdout).toContain('did you mean "Europe/Berlin"?');
    expect(stdout).toContain("key.ts:2:18 ");
    expect(stdout).toContain('unknown name "paylod"');
    await workspace.remove();
  });

  test("does not begin in a process that executes one run by hand", async () => {
    const workspace = new Workspace({
      "ticker.ts": everySecond,
      "follower.ts": "export const config = { after: { pipeline: 'slow' } };\nexport const pipeline = () => 1;",
      "slow.ts": "export const pipeline = async () => { await sleep('2500ms'); return 'done'; };",
    });
    const database = workspace.path("once.db");
    const { code } = await runBinary(workspace, ["run", "slow", "--json", "--database", database]);
    expect(code).toBe(0);
    const { Database } = await import("bun:sqlite");
    const db = new Database(database, { readonly: true });
    expect(db.query("SELECT count(*) AS runs FROM runs").get()).toEqual({ runs: 1 });
    db.close();
    await workspace.remove();
  });
});

test("a paused pipeline answers 409 over restarts, and takes runs again when it is resumed", async () => {
  const workspace = new Workspace({ "hook.ts": "export const pipeline = () => http.respond({ body: 'ran' });" });
  let server = await start({ workspace });
  expect((await runBinary(workspace, ["pause", "hook"])).stdout).toBe("pipeline hook is paused and starts no runs\n");
  for (let life = 0; life < 2; life++) {
    const answer = await server.webhook("hook");
    expect([answer.status, ((await answer.json()) as { code: string }).code]).toEqual([409, "PIPELINE_PAUSED"]);
    const trigger = await runBinary(workspace, ["trigger", "hook"]);
    expect([trigger.code, trigger.stderr]).toEqual([65, expect.stringContaining("runner resume hook")]);
    if (life > 0) break;
    await server.kill();
    server = await start({ workspace });
  }
  expect((await runBinary(workspace, ["resume", "hook"])).code).toBe(0);
  expect(await (await server.webhook("hook")).text()).toBe("ran");
});

test("more runs than may wait are refused with 503 and Retry-After, and none of those that were taken is lost", async () => {
  const server = await start({
    pipelines: {
      "slow.ts":
        "export const config = { concurrency: { limit: 1 } };\nexport const pipeline = async () => { http.respond({}); await sleep('100ms'); };",
      "quick.ts": "export const pipeline = () => 'quick';",
    },
    args: ["--max-queued-runs=10", "--webhook-timeout=100ms"],
  });
  const answers = await Promise.all(Array.from({ length: 60 }, async () => await server.webhook("slow")));
  const refused = answers.filter(({ status }) => status === 503);
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.every(({ headers }) => Number(headers.get("retry-after")) > 0)).toBe(true);
  const problem = (await refused[0]?.json()) as { code: string } | undefined;
  expect(problem?.code).toBe("QUEUE_FULL");
  // What could begin at once is not held up.
  expect((await server.run("quick")).result).toBe("quick");
  const taken = answers.filter(({ status }) => status < 300).length;
  const runs = await eventually("the end of all runs", async () => {
    const list = await server.listRuns("pipeline=slow");
    return list.every((run) => run.finished_at !== null) ? list : undefined;
  });
  expect(runs.length).toBe(taken);
  expect(runs.every(({ status }) => status === "succeeded")).toBe(true);
});

test("pushes in quick succession end with the last one deployed, and say why the others were not", async () => {
  const server = await start({
    pipelines: {
      "deploy.ts": `
export const config = { concurrency: { key: "deploy-\${payload.ref}", limit: 1, onConflict: "cancel-running" } };
export const pipeline = async () => {
  http.respond({ status: 202, body: pipelineContext.runID });
  const { commit, ref } = JSON.parse(http.request().body);
  await runtime.run({ name: "deploy", command: "sleep 0.5" });
  return [ref, commit];
};`,
    },
    args: ["--webhook-timeout=50ms"],
  });
  const push = async (ref: string, commit: number): Promise<void> => {
    const answer = await server.webhook("deploy", { body: JSON.stringify({ ref, commit }) });
    expect(answer.status).toBe(202);
    await Bun.sleep(50);
  };
  for (let commit = 1; commit <= 4; commit++) await push("main", commit);
  await push("dev", 1);
  const runs = await eventually(
    "the end of all runs",
    async () => {
      const list = await server.listRuns("pipeline=deploy");
      return list.length === 5 && list.every((run) => run.finished_at !== null) ? list : undefined;
    },
    30_000,
  );
  const done = runs.filter(({ status }) => status === "succeeded").map(({ result }) => JSON.stringify(result));
  expect(new Set(done)).toEqual(new Set(['["main",4]', '["dev",1]']));
  const replaced = runs.filter(({ status }) => status === "cancelled");
  expect(replaced).toHaveLength(3);
  for (const { error } of replaced) expect(runs.some(({ id }) => error?.message.includes(id))).toBe(true);
});

test("a pipeline that follows another one begins with its end, over a kill in between too", async () => {
  const workspace = new Workspace({
    "build.ts":
      "export const pipeline = async () => { await runtime.run({ name: 'b', command: 'sleep 1' }); return 'site:7'; };",
    "deploy.ts":
      "export const config = { after: { pipeline: 'build' } };\nexport const pipeline = () => pipelineContext.after.result;",
  });
  const server = await start({ workspace });
  const build = await server.trigger("build");
  await server.waitForRun(build, (run) => run.steps[0]?.status === "running");
  await server.kill();
  const next = await start({ workspace });
  await next.waitForEnd(build);
  const deploys = await eventually("the run that follows", async () => {
    const list = await next.listRuns("pipeline=deploy");
    return list[0]?.finished_at ? list : undefined;
  });
  expect(deploys).toMatchObject([{ trigger: "pipeline", after: build, result: "site:7" }]);
});
