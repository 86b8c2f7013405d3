// `runner trigger` against a running server: what it prints when, and the code it exits with.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import type { RunJson } from "../../src/core/run-json.ts";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { eventually } from "../fixtures/harness/eventually.ts";
import { type BinaryOptions, runBinary } from "../fixtures/harness/run-binary.ts";

const pipelines = {
  "stream.ts": `export const pipeline = async () => {
    console.log("console one");
    await runtime.run({ name: "slow", command: "for n in 1 2 3; do echo line $n; sleep 0.4; done; echo complaint >&2" });
    console.log("console two");
    return { sum: 6 };
  };`,
  "fails.ts": `export const pipeline = () => {
    // The error is on line 3.
    throw new Error("deliberate");
  };`,
  "times-out.ts": `export const config = { timeout: "300ms" };
  export const pipeline = async () => { await runtime.run({ name: "long", command: "echo partial; sleep 60" }); };`,
  "long.ts": `export const pipeline = async () => {
    console.log("begun");
    await runtime.run({ name: "long", command: "sleep 60" });
  };`,
  "typed.ts": `export const config = { params: {
    target: { type: "string", enum: ["nas", "pi"], required: true },
    copies: { type: "number", default: 2 },
    dry: { type: "boolean" },
  } };
  export const pipeline = () => [pipelineContext.params, pipelineContext.args, pipelineContext.triggeredBy];`,
  "step-fails.ts": `export const pipeline = async () => (await runtime.run({ name: "no", command: "exit 3" })).code;`,
};

let server: BinaryServer;
beforeAll(async () => {
  server = await BinaryServer.start({ pipelines });
});
afterAll(async () => {
  await server.remove();
});

const trigger = async (args: readonly string[], options?: BinaryOptions) =>
  await runBinary(server.workspace, ["trigger", ...args], options);
const newest = async (pipeline: string): Promise<RunJson> => {
  const [run] = await server.listRuns(`pipeline=${pipeline}`);
  if (run === undefined) throw new Error(`there is no run of ${pipeline}`);
  return run;
};

test("trigger streams console and output as they happen, prints the result, and exits with 0", async () => {
  const { code, stdout, stderr, lines } = await trigger(["stream"]);
  expect(code).toBe(0);
  expect(stdout).toBe('console one\nline 1\nline 2\nline 3\nconsole two\nresult: {"sum":6}\n');
  expect(stderr).toContain("complaint\n");
  expect(stderr).toContain("succeeded after");
  const times = Object.fromEntries(lines.map(({ text, atMs }) => [text, atMs]));
  expect((times["line 2"] ?? 0) - (times["line 1"] ?? 0)).toBeGreaterThan(150);
  expect((times["console two"] ?? 0) - (times["console one"] ?? 0)).toBeGreaterThan(900);
});

test("a failed run exits with 1 and shows the author's file and line", async () => {
  const { code, stderr } = await trigger(["fails"]);
  expect(code).toBe(1);
  expect(stderr).toContain("failed");
  expect(stderr).toContain("fails.ts:3: deliberate (SCRIPT_ERROR)");
});

test("a run that times out exits with 1, its step is ended, and what the step wrote is kept", async () => {
  const { code, stdout, stderr } = await trigger(["times-out"]);
  expect(code).toBe(1);
  expect(stdout).toContain("partial\n");
  expect(stderr).toContain("timed out");
  const { status, error, steps } = await newest("times-out");
  expect([status, error?.code, steps[0]?.status]).toEqual(["timed_out", "RUN_TIMEOUT", "cancelled"]);
  await eventually("end of the step", () => server.workspace.findStepProcesses().length === 0);
});

test("a run cancelled by `runner cancel` exits with 1 where it is followed, and its step is ended", async () => {
  const following = trigger(["long"]);
  const run = await eventually("running step", async () =>
    (await server.listRuns("pipeline=long&status=running")).find(({ steps }) => steps[0]?.status === "running"),
  );
  expect((await runBinary(server.workspace, ["cancel", run.id])).code).toBe(0);
  const { code, stderr } = await following;
  expect(code).toBe(1);
  expect(stderr).toContain("cancelled");
  expect((await server.getRun(run.id)).steps.map(({ status }) => status)).toEqual(["cancelled"]);
  await eventually("end of the step", () => server.workspace.findStepProcesses().length === 0);
});

test("Ctrl-C stops following and leaves the run; twice within two seconds cancels it", async () => {
  for (const presses of [1, 2]) {
    let pressed = 0;
    const { code, stderr } = await trigger(["long"], {
      onOutput: (stdout, kill) => {
        if (!stdout.includes("begun") || pressed > 0) return;
        for (; pressed < presses; pressed++) setTimeout(() => kill("SIGINT"), pressed * 500);
      },
    });
    expect(code).toBe(130);
    const { id, status } = await newest("long");
    expect(stderr).toContain(id);
    if (presses === 2) expect((await server.waitForEnd(id)).status).toBe("cancelled");
    else expect(status).toBe("running");
    if (presses === 1) await server.request("POST", `/api/runs/${id}/cancel`);
  }
}, 30_000);

test("a step that exits with a code fails neither the run nor the command", async () => {
  const { code, stdout } = await trigger(["step-fails"]);
  expect([code, stdout]).toEqual([0, "result: 3\n"]);
});

test("--json prints one line, the finished run; with --no-follow its id", async () => {
  const { code, stdout } = await trigger(["stream", "--json"]);
  expect(code).toBe(0);
  expect(stdout.trimEnd()).not.toContain("\n");
  const { id, pipeline, status, result, steps } = JSON.parse(stdout) as RunJson;
  expect({ pipeline, status, result, steps: steps.length }).toEqual({
    pipeline: "stream",
    status: "succeeded",
    result: { sum: 6 },
    steps: 1,
  });
  expect(await server.getRun(id)).toEqual(JSON.parse(stdout) as RunJson);

  const unfollowed = await trigger(["stream", "--json", "--no-follow"]);
  const { run_id: runId } = JSON.parse(unfollowed.stdout) as { run_id: string };
  expect((await server.waitForEnd(runId)).status).toBe("succeeded");
});

test("parameters arrive with their types, their defaults and the arguments", async () => {
  const { stdout } = await trigger([
    "typed",
    "--param=target=pi",
    "--param=dry=true",
    "--arg=a b",
    "--arg=-c",
    "--json",
  ]);
  expect((JSON.parse(stdout) as RunJson).result as unknown).toEqual([
    { target: "pi", copies: 2, dry: true },
    ["a b", "-c"],
    "manual",
  ]);
});

test.each([
  ["is unknown", ["--param=target=pi", "--param=tarbet=x"], "tarbet"],
  ["is of the wrong type", ["--param=target=pi", "--param=copies=many"], "copies"],
  ["is none of the choices", ["--param=target=mars"], "nas, pi"],
  ["is missing", [], "target"],
])("a parameter that %s is refused by name and makes no run", async (_, args, name) => {
  const before = (await server.listRuns("pipeline=typed")).length;
  const { code, stdout, stderr } = await trigger(["typed", ...args]);
  expect(code).toBe(65);
  expect(stdout).toBe("");
  expect(stderr).toContain(name);
  expect(stderr).toContain("PARAM_INVALID");
  expect((await server.listRuns("pipeline=typed")).length).toBe(before);
});

test("an unknown pipeline exits with 66", async () => {
  const { code, stderr } = await trigger(["strem"]);
  expect(code).toBe(66);
  expect(stderr).toContain("strem");
});

test("the command finds the server and its token from any folder, and not from another user's state", async () => {
  const elsewhere = server.workspace.path("elsewhere");
  mkdirSync(elsewhere);
  expect((await trigger(["step-fails"], { cwd: elsewhere })).code).toBe(0);
  const other = { XDG_STATE_HOME: server.workspace.path("other-state") };
  expect((await trigger(["step-fails"], { cwd: elsewhere, env: other })).code).toBe(75);
  const named = await trigger(["step-fails", "--server", server.url], {
    env: { ...other, RUNNER_TOKEN: server.token },
  });
  expect(named.code).toBe(0);
  const wrong = await trigger(["step-fails", "--server", server.url], {
    env: { ...other, RUNNER_TOKEN: "wrong-token" },
  });
  expect(wrong.code).toBe(77);
});

test("runs and logs show what has happened", async () => {
  const { id } = await newest("stream");
  const logs = await runBinary(server.workspace, ["logs", id]);
  expect(logs.stdout).toContain("console one\nline 1\nline 2\nline 3\n");
  const runs = await runBinary(server.workspace, ["runs", "--pipeline", "fails", "--json"]);
  const listed = JSON.parse(runs.stdout) as { runs: readonly RunJson[] };
  expect(listed.runs.map(({ status, error }) => [status, error?.code])).toEqual([["failed", "SCRIPT_ERROR"]]);
});

test("POST …/trigger?wait= answers with the finished run, or with the run as it is", async () => {
  const finished = await server.request("POST", "/api/pipelines/step-fails/trigger?wait=30s", {});
  expect(finished.status).toBe(200);
  expect(((await finished.json()) as RunJson).result).toBe(3);
  const waiting = await server.request("POST", "/api/pipelines/long/trigger?wait=200ms", {});
  expect(waiting.status).toBe(202);
  const { id, status } = (await waiting.json()) as RunJson;
  expect(status).toBe("running");
  await server.request("POST", `/api/runs/${id}/cancel`);
  const unknown = await server.request("POST", "/api/pipelines/typed/trigger", { params: { target: "pi", more: 1 } });
  expect([unknown.status, ((await unknown.json()) as { code: string }).code]).toEqual([400, "PARAM_INVALID"]);
});
