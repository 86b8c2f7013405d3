// `runs`, `logs` and `cancel` as processes, against a server of the test.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { fakeRun, logLine, runId, startFakeServer, stepOutput, type FakeServer } from "./fake-server.ts";
import { makeHome, runCli, spawnCli, type SpawnOptions } from "./spawn-cli.ts";

let home: Awaited<ReturnType<typeof makeHome>>;
let server: FakeServer;
let options: SpawnOptions;

beforeEach(async () => {
  home = await makeHome();
  server = startFakeServer();
  options = { cwd: home.dir, env: { RUNNER_SERVER: server.url, RUNNER_TOKEN: server.token } };
});

afterEach(async () => {
  await server.stop();
  await home.remove();
});

const step = {
  id: `${runId}.1`,
  name: "build",
  kind: "process",
  status: "succeeded",
  code: 0,
  attempts: 1,
  started_at: "2026-01-02T03:04:05.000Z",
  finished_at: "2026-01-02T03:04:05.750Z",
  message: null,
  until: null,
  run_id: null,
  job: null,
} as const;

function addRun(run = fakeRun()): void {
  server.runs.set(run.id, {
    run,
    async *log(after) {
      for (const entry of [logLine(1, "one"), stepOutput(2, "two\n")]) if (entry.seq > after) yield entry;
    },
  });
}

test("runs lists the runs as a table without control characters", async () => {
  addRun(fakeRun({ pipeline: "home/\u001B[2Jbackup" }));
  const { code, stdout } = await runCli(["runs"], options);
  const [head = "", row = ""] = stdout.split("\n");
  expect(head.split(/ {2,}/)).toEqual(["ID", "PIPELINE", "TRIGGER", "STATUS", "AGE", "DURATION"]);
  const cells = row.split(/ {2,}/);
  expect(cells.filter((_, column) => column !== 4)).toEqual([
    runId,
    "home/\uFFFD[2Jbackup",
    "manual",
    "succeeded",
    "1.5 s",
  ]);
  expect(cells[4]).toMatch(/^\d+ d$/);
  expect(code).toBe(0);
});

test.each([
  ["now", -5000, /^now$/],
  ["seconds", 1100, /^\d+ s$/],
  ["minutes and seconds", 61_500, /^\d+ min \d+ s$/],
  ["days", 50 * 3_600_000, /^2 d$/],
])("the age of a run is told in %s", async (_, ageMs, age) => {
  addRun(fakeRun({ created_at: new Date(Date.now() - ageMs).toISOString() }));
  const { stdout } = await runCli(["runs"], options);
  expect(stdout.split("\n")[1]?.split(/ {2,}/)[4]).toMatch(age);
});

test("runs passes its filters on", async () => {
  await runCli(["runs", "--pipeline", "home/backup", "--status", "timed-out", "--limit", "5"], options);
  expect(server.requests[0]?.path).toBe("/api/runs?limit=5&pipeline=home%2Fbackup&status=timed_out");
});

test("runs --json prints the server's list on one line", async () => {
  addRun();
  const { stdout } = await runCli(["runs", "--json"], options);
  expect(stdout).toBe(`${JSON.stringify({ runs: [fakeRun()], next_cursor: null })}\n`);
});

test.each([
  ["--status", "faild", "Did you mean failed?"],
  ["--limit", "501", "whole number from 1 to 500"],
  ["--limit", "many", "whole number from 1 to 500"],
])("runs %s %s is a usage error", async (flag, value, message) => {
  const { code, stderr } = await runCli(["runs", flag, value], options);
  expect(code).toBe(2);
  expect(stderr).toContain(message);
});

test("runs RUN shows the run, its error and its steps", async () => {
  const error = { code: "SCRIPT_ERROR", message: "boom", hint: "fix it", file: "deploy.ts", line: 7 };
  const second = { ...step, name: "deploy", status: "failed", code: 3, started_at: step.finished_at } as const;
  addRun(fakeRun({ status: "failed", result: null, error, steps: [step, second] }));
  const env = { ...options.env, TZ: "Asia/Kolkata" };
  const { stdout } = await runCli(["runs", runId], { ...options, env });
  expect(stdout).toContain("status    failed, 1.5 s\n");
  expect(stdout).toContain("created   2026-01-02 08:34:05\n");
  expect(stdout).toContain("error     deploy.ts:7: boom (SCRIPT_ERROR)\nhint      fix it\n");
  expect(stdout).toMatch(/├─ ✓ build +▕█{12} {12}▏ +750 ms +exit 0\n/);
  expect(stdout).toMatch(/└─ ✗ deploy +▕ {12}█+ *▏ +0 ms +exit 3\n/);
});

test("runs RUN --json prints the run on one line", async () => {
  addRun();
  expect((await runCli(["runs", runId, "--json"], options)).stdout).toBe(`${JSON.stringify(fakeRun())}\n`);
});

test("an unknown run exits with 66", async () => {
  for (const args of [
    ["runs", "nope"],
    ["logs", "nope"],
    ["logs", "-f", "nope"],
    ["cancel", "nope"],
  ]) {
    const { code, stdout, stderr } = await runCli(args, options);
    expect([args, code, stdout]).toEqual([args, 66, ""]);
    expect(stderr).toContain("there is no run nope (RUN_NOT_FOUND)");
  }
});

test("logs prints what there is and does not wait", async () => {
  addRun(fakeRun({ status: "running" }));
  const { code, stdout, stderr } = await runCli(["logs", runId], options);
  expect([code, stdout, stderr]).toEqual([0, "one\ntwo\n", ""]);
  expect(server.requests[0]?.path).toBe(`/api/runs/${runId}/logs?format=ndjson&after=0`);
});

test("logs --json prints one object a line and nothing else", async () => {
  addRun();
  const { stdout, stderr } = await runCli(["logs", "-f", "--json", runId], options);
  expect(
    stdout
      .trimEnd()
      .split("\n")
      .map((line) => JSON.parse(line)),
  ).toEqual([logLine(1, "one"), stepOutput(2, "two\n")]);
  expect(stderr).toBe("");
});

test("logs -f goes on to the end of the run and exits with 0, however the run ended", async () => {
  addRun(fakeRun({ status: "failed" }));
  const { code, stdout, stderr } = await runCli(["logs", "-f", runId], options);
  expect([code, stdout, stderr]).toEqual([0, "one\ntwo\n", `run ${runId} failed\n`]);
});

test("Ctrl-C ends logs -f with 130", async () => {
  server.runs.set(runId, {
    run: fakeRun({ status: "running" }),
    async *log(_, cancelled) {
      yield logLine(1, "one");
      await cancelled;
    },
  });
  const cli = spawnCli(["logs", "-f", runId], options);
  await cli.waitFor("one");
  cli.kill("SIGINT");
  expect(await cli.finish()).toBe(130);
});

test("cancel says what became of the run, and with --json prints it", async () => {
  addRun(fakeRun({ status: "running" }));
  expect((await runCli(["cancel", runId], options)).stdout).toBe(`run ${runId} cancelled\n`);
  const { stdout } = await runCli(["cancel", runId, "--json"], options);
  expect(JSON.parse(stdout)).toMatchObject({ id: runId, status: "cancelled" });
});

test("cancel of a run that has ended exits with 65: it will not succeed later", async () => {
  addRun();
  server.problems.set("cancel", { status: 409, code: "RUN_ALREADY_ENDED", detail: "it has ended", hint: "none" });
  const { code, stderr } = await runCli(["cancel", runId], options);
  expect([code, stderr]).toEqual([65, "error: it has ended (RUN_ALREADY_ENDED)\nhint: none\n"]);
});

test("logs prints the entry that tells how the run failed, with and without -f", async () => {
  const text = "failed: boom (deploy.ts:7) — fix it";
  server.runs.set(runId, {
    run: fakeRun({ status: "failed" }),
    async *log(after) {
      const entries = [logLine(1, "one"), logLine(2, text, { source: "system", level: "error" })];
      for (const entry of entries) if (entry.seq > after) yield entry;
    },
  });
  expect((await runCli(["logs", runId], options)).stderr).toBe(`${text}\n`);
  expect((await runCli(["logs", "-f", runId], options)).stderr).toBe(`${text}\nrun ${runId} failed\n`);
});

test("a proxy set for the whole machine does not stand between a command and a server on it", async () => {
  const env = { ...options.env, HTTP_PROXY: "http://127.0.0.1:9", http_proxy: "http://127.0.0.1:9" };
  expect((await runCli(["runs"], { ...options, env })).code).toBe(0);
});
