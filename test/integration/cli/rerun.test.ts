// `runner rerun` as a process, against a server of the test.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { fakeRun, logLine, runId, startFakeServer, type FakeServer } from "./fake-server.ts";
import { makeHome, runCli, type SpawnOptions } from "./spawn-cli.ts";

let home: Awaited<ReturnType<typeof makeHome>>;
let server: FakeServer;
let options: SpawnOptions;

beforeEach(async () => {
  home = await makeHome();
  server = startFakeServer();
  options = { cwd: home.dir, env: { RUNNER_SERVER: server.url, RUNNER_TOKEN: server.token } };
  server.runs.set(runId, {
    run: fakeRun({ trigger: "rerun", rerun_of: "an-older-run" }),
    async *log(after) {
      if (after < 1) yield logLine(1, "once more");
    },
  });
});

afterEach(async () => {
  await server.stop();
  await home.remove();
});

test("rerun follows the new run and ends as it did", async () => {
  const { code, stdout, stderr } = await runCli(["rerun", runId], options);
  expect(stdout).toBe('once more\nresult: {"deployed":true}\n');
  expect(stderr).toBe(`run ${runId} succeeded after 1.5 s\n`);
  expect(code).toBe(0);
  expect(server.requests[0]).toEqual({ method: "POST", path: `/api/runs/${runId}/rerun`, body: {} });
});

test("rerun --from names the step; --no-follow prints the id alone", async () => {
  const { code, stdout } = await runCli(["rerun", runId, "--from", "deploy", "--no-follow"], options);
  expect([code, stdout]).toEqual([0, `${runId}\n`]);
  expect(server.requests).toEqual([{ method: "POST", path: `/api/runs/${runId}/rerun`, body: { from: "deploy" } }]);
  const json = await runCli(["rerun", runId, "--no-follow", "--json"], options);
  expect(JSON.parse(json.stdout)).toEqual({ run_id: runId });
});

test("rerun exits with 66 for an unknown run, and with 65 and the hint where the server refuses", async () => {
  expect((await runCli(["rerun", "nope"], options)).code).toBe(66);
  const hint = "give the number of one: 1 (succeeded), 2 (failed)";
  server.problems.set("rerun", { status: 400, code: "VALIDATION_FAILED", detail: "run x has 2 steps named a", hint });
  const { code, stderr } = await runCli(["rerun", runId, "--from", "a"], options);
  expect([code, stderr]).toEqual([65, `error: run x has 2 steps named a (VALIDATION_FAILED)\nhint: ${hint}\n`]);
});

test("runs shows which run a rerun repeats", async () => {
  const { stdout } = await runCli(["runs", runId], options);
  expect(stdout).toMatch(/trigger +rerun\nrerun of +an-older-run\n/);
});
