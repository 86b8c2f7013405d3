// `runner trigger` as a process, against a server of the test.

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

const entries = [
  logLine(1, "starting"),
  stepOutput(2, "compiled\n"),
  stepOutput(3, "one warning\n", "stderr"),
  logLine(4, "step build finished", { source: "system" }),
];

function addRun(run = fakeRun(), log = entries): void {
  server.runs.set(runId, {
    run,
    async *log(after) {
      for (const entry of log) if (entry.seq > after) yield entry;
      yield "heartbeat";
    },
  });
}

test("trigger prints console lines and step output to their streams, then the result, and exits with 0", async () => {
  addRun();
  const { code, stdout, stderr } = await runCli(["trigger", "home/deploy"], options);
  expect(stdout).toBe('starting\ncompiled\nresult: {"deployed":true}\n');
  expect(stderr).toBe(`one warning\nstep build finished\nrun ${runId} succeeded after 1.5 s\n`);
  expect(code).toBe(0);
});

test("trigger sends parameters and arguments as they were given", async () => {
  addRun();
  await runCli(
    ["trigger", "home/deploy", "--param", "target=nas", "--param", "note=a=b", "--arg", "-x", "--arg", ""],
    options,
  );
  expect(server.requests[0]).toEqual({
    method: "POST",
    path: "/api/pipelines/home%2Fdeploy/trigger",
    body: { params: { target: "nas", note: "a=b" }, args: ["-x", ""] },
  });
});

test("a parameter without a value is a usage error before anything is sent", async () => {
  const { code, stdout, stderr } = await runCli(["trigger", "deploy", "--param", "target"], options);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toContain('--param "target" has no name and value (USAGE)');
  expect(server.requests).toEqual([]);
});

test.each(["failed", "cancelled", "timed_out"] as const)("trigger exits with 1 when the run has %s", async (status) => {
  addRun(
    fakeRun({
      status,
      result: null,
      error: { code: "SCRIPT_ERROR", message: "disk \u001B[31mfull", hint: "make room", file: "deploy.ts", line: 12 },
    }),
  );
  const { code, stderr } = await runCli(["trigger", "deploy"], options);
  expect(code).toBe(1);
  expect(stderr).toContain("error: deploy.ts:12: disk \uFFFD[31mfull (SCRIPT_ERROR)\nhint: make room\n");
});

test("trigger tells once how the run failed, and exits with 65 for a pipeline without a good version", async () => {
  const error = { code: "SCRIPT_ERROR", message: "boom", hint: "fix it", file: "miss.ts", line: 2 };
  const last = logLine(2, "failed: boom (miss.ts:2) — fix it", { source: "system", level: "error" });
  addRun(fakeRun({ status: "failed", result: null, error }), [stepOutput(1, "half a line"), last]);
  const { stdout, stderr } = await runCli(["trigger", "deploy"], options);
  expect(stdout).toBe("half a line\n");
  expect(stderr).toBe(`run ${runId} failed after 1.5 s\nerror: miss.ts:2: boom (SCRIPT_ERROR)\nhint: fix it\n`);
  server.problems.set("trigger", { status: 409, code: "PIPELINE_BROKEN", detail: "it does not load", hint: "check" });
  expect((await runCli(["trigger", "deploy"], options)).code).toBe(65);
});

test("trigger prints a last entry of the system that tells something else", async () => {
  const error = { code: "SCRIPT_ERROR", message: "boom", hint: null, file: null, line: null };
  const last = logLine(2, "output was cut", { source: "system", level: "error" });
  addRun(fakeRun({ status: "failed", result: null, error }), [last]);
  expect((await runCli(["trigger", "deploy"], options)).stderr).toStartWith("output was cut\nrun ");
});

test("trigger exits with 0 when the run was skipped", async () => {
  addRun(fakeRun({ status: "skipped" }));
  expect((await runCli(["trigger", "deploy"], options)).code).toBe(0);
});

test("with --json stdout is one line, the finished run, also of one that failed", async () => {
  const run = fakeRun({
    status: "failed",
    result: null,
    error: { code: "SCRIPT_ERROR", message: "boom", hint: null, file: null, line: null },
  });
  addRun(run);
  const { code, stdout, stderr } = await runCli(["trigger", "deploy", "--json"], options);
  expect(stdout).toBe(`${JSON.stringify(run)}\n`);
  expect(stderr).toBe("error: boom (SCRIPT_ERROR)\n");
  expect(code).toBe(1);
});

test("with --no-follow only the run's id is printed", async () => {
  expect((await runCli(["trigger", "deploy", "--no-follow"], options)).stdout).toBe(`${runId}\n`);
  const json = await runCli(["trigger", "deploy", "--no-follow", "--json"], options);
  expect(json.stdout).toBe(`{"run_id":"${runId}"}\n`);
  expect(server.requests.every(({ method }) => method === "POST")).toBe(true);
});

test("an unknown pipeline exits with 66 and passes on the server's hint", async () => {
  const { code, stdout, stderr } = await runCli(["trigger", "missing", "--json"], options);
  expect([code, stdout]).toEqual([66, ""]);
  expect(stderr).toBe("error: there is no pipeline missing (PIPELINE_NOT_FOUND)\nhint: did you mean deploy?\n");
});

test("a refused token exits with 77 and says which token it was", async () => {
  const env = { ...options.env, RUNNER_TOKEN: "wrong" };
  const { code, stderr } = await runCli(["trigger", "deploy"], { ...options, env });
  expect(code).toBe(77);
  expect(stderr).toContain("the token in RUNNER_TOKEN is not the one of");
});

test("without a server trigger exits with 75 and says how to start one", async () => {
  const none = await runCli(["trigger", "deploy"], { cwd: home.dir });
  expect(none.code).toBe(75);
  expect(none.stderr).toContain(
    "no server is running on this machine (SERVER_NOT_FOUND)\nhint: start one with `runner serve`",
  );
  await server.stop();
  const stopped = await runCli(["trigger", "deploy", "--server", server.url], { cwd: home.dir });
  expect(stopped.code).toBe(75);
  expect(stopped.stderr).toContain(`the server at ${server.url} does not answer`);
});

test("what is not a runner server is named as such", async () => {
  const other = Bun.serve({ port: 0, fetch: () => new Response("<h1>It works!</h1>") });
  const { code, stderr } = await runCli(["trigger", "deploy"], { ...options, env: { RUNNER_SERVER: other.url.href } });
  await other.stop(true);
  expect(code).toBe(75);
  expect(stderr).toContain("is not a runner server");
});

test("a log stream that is cut off is resumed after the last entry, and nothing is printed twice", async () => {
  const asked: number[] = [];
  const run = fakeRun({ status: "running", finished_at: null });
  server.runs.set(runId, {
    run,
    async *log(after) {
      asked.push(after);
      if (after === 0) {
        yield logLine(1, "one");
        yield logLine(2, "two");
        return;
      }
      yield logLine(2, "two");
      yield logLine(3, "three");
      (server.runs.get(runId) ?? { run }).run = fakeRun();
    },
  });
  const { code, stdout } = await runCli(["trigger", "deploy"], options);
  expect(stdout).toBe('one\ntwo\nthree\nresult: {"deployed":true}\n');
  expect(asked).toEqual([0, 2]);
  expect(code).toBe(0);
});

/** A run that logs one line and then goes on until it is cancelled. */
function addEndlessRun(): void {
  server.runs.set(runId, {
    run: fakeRun({ status: "running", finished_at: null, result: null }),
    async *log(after, cancelled) {
      if (after < 1) yield logLine(1, "begun");
      yield "heartbeat";
      await cancelled;
    },
  });
}

test("a server that is gone while following exits with 75 and prints the run's id", async () => {
  addEndlessRun();
  const cli = spawnCli(["trigger", "deploy"], options);
  await cli.waitFor("begun");
  await server.stop();
  expect(await cli.finish()).toBe(75);
  expect(cli.stderr()).toContain(`run ${runId} goes on without us (SERVER_GONE)`);
  expect(cli.stderr()).toContain(`runner logs -f ${runId}`);
});

test("a server that comes back in time is followed on", async () => {
  addEndlessRun();
  const cli = spawnCli(["trigger", "deploy"], options);
  await cli.waitFor("begun");
  await server.stop();
  const { port } = server;
  server = startFakeServer(port);
  addRun(fakeRun(), [logLine(1, "begun"), logLine(2, "and on")]);
  expect(await cli.finish()).toBe(0);
  expect(cli.stdout()).toBe('begun\nand on\nresult: {"deployed":true}\n');
});

test("Ctrl-C stops following, exits with 130 and leaves the run alone", async () => {
  addEndlessRun();
  const cli = spawnCli(["trigger", "deploy"], options);
  await cli.waitFor("begun");
  cli.kill("SIGINT");
  expect(await cli.finish()).toBe(130);
  expect(cli.stderr()).toContain(`stopped following; run ${runId} goes on`);
  expect(cli.stderr()).toContain(`runner logs -f ${runId}`);
  expect(server.requests.some(({ path }) => path.endsWith("/cancel"))).toBe(false);
});

test("on a terminal the message after Ctrl-C begins a line of its own", async () => {
  addEndlessRun();
  const cli = spawnCli(["trigger", "deploy"], { ...options, onTerminal: true });
  await cli.waitFor("begun");
  cli.kill("SIGINT");
  expect(await cli.finish()).toBe(130);
  expect(cli.stdout()).toContain("begun\r\n\r\nstopped following;");
});

test("Ctrl-C twice within two seconds cancels the run", async () => {
  addEndlessRun();
  const cli = spawnCli(["trigger", "deploy", "--json"], options);
  // Nothing is printed with --json, so the request for the log says that following has begun.
  while (!server.requests.some(({ path }) => path.includes("/logs"))) await Bun.sleep(10);
  cli.kill("SIGINT");
  await cli.waitFor("stopped following");
  cli.kill("SIGINT");
  expect(await cli.finish()).toBe(130);
  expect(server.requests.at(-1)?.path).toBe(`/api/runs/${runId}/cancel`);
  expect(server.runs.get(runId)?.run.status).toBe("cancelled");
  expect(cli.stdout()).toBe("");
});

test("a reader that goes away ends trigger quietly", async () => {
  addRun(
    fakeRun(),
    Array.from({ length: 5000 }, (_, index) => stepOutput(index + 1, `${"x".repeat(200)}\n`)),
  );
  const { RUNNER_SERVER = "", RUNNER_TOKEN = "" } = options.env ?? {};
  const shell = Bun.spawn(
    ["sh", "-c", '{ "$0" src/main.ts trigger deploy; echo "exit $?" >&2; } | head -n 1', process.execPath],
    {
      cwd: `${import.meta.dir}/../../..`,
      env: { PATH: process.env["PATH"] ?? "", HOME: home.dir, RUNNER_SERVER, RUNNER_TOKEN },
      stderr: "pipe",
      stdout: "pipe",
    },
  );
  const [stdout, stderr] = await Promise.all([new Response(shell.stdout).text(), new Response(shell.stderr).text()]);
  expect(stdout).toBe(`${"x".repeat(200)}\n`);
  expect(stderr).toBe("exit 141\n");
});

test("colours and step names appear on a terminal only, and NO_COLOR takes the colours away", async () => {
  addRun(fakeRun(), [stepOutput(1, "\u001B[32mgreen\u001B[0m \u001B]0;evil title\u0007\n")]);
  const piped = await runCli(["trigger", "deploy"], options);
  expect(piped.stdout).toStartWith("\u001B[32mgreen\u001B[0m \u001B]0;evil title\u0007\n");
  expect(piped.stderr).not.toContain("\u001B");
  const onTerminal = await runCli(["trigger", "deploy"], { ...options, onTerminal: true });
  expect(onTerminal.stdout).toContain("build │ ");
  expect(onTerminal.stdout).toContain("\u001B[32mgreen\u001B[0m \uFFFD]0;evil title\uFFFD");
  expect(onTerminal.stdout).toContain("\u001B[32msucceeded\u001B[0m");
  const plain = await runCli(["trigger", "deploy"], {
    ...options,
    env: { ...options.env, NO_COLOR: "1" },
    onTerminal: true,
  });
  expect(plain.stdout).toContain("build │ green ");
  expect(plain.stdout).not.toContain("\u001B");
});
