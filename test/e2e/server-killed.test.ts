// `kill -9` of the server under load, and what its next life makes of what it finds.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { readProcessStat } from "../../src/executors/process/process-stat.ts";
import type { RunJson } from "../../src/core/run-json.ts";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { eventually } from "../fixtures/harness/eventually.ts";
import { findSandboxProcesses } from "../fixtures/harness/sandbox-processes.ts";
import { Workspace } from "../fixtures/harness/workspace.ts";

const limits = ["--max-concurrent-runs=3", "--webhook-timeout=50ms"];

// `long` holds every slot, so whatever comes after it is queued.
const pipelines = {
  "long.ts": `export const pipeline = async () => {
    await runtime.run({ name: "long", command: "sleep 300" });
  };`,
  "daemon.ts": `export const pipeline = async () => {
    await runtime.run({ name: "daemon", command: "setsid sh -c 'trap \\"\\" TERM; while :; do sleep 1; done' & sleep 300" });
  };`,
  "quick.ts": `export const pipeline = async () => {
    const { body } = http.request();
    await runtime.run({ name: "quick", command: \`echo \${body} >> \${body.split(" ")[0]}\` });
    return body;
  };`,
};

const workspace = new Workspace(pipelines);
const accepted: string[] = [];
const bodies = new Map<string, string>();
let inFlight: readonly string[] = [];
let stepsLeft: readonly number[] = [];
let sandboxesLeft: readonly number[] = [];
let server: BinaryServer;

/** Sends one webhook after another until the server is gone, and notes every run that was promised. */
async function keepSending(sender: number, target: BinaryServer): Promise<void> {
  for (let number = 0; ; number++) {
    const body = `${workspace.path("quick-runs")} ${String(sender)}-${String(number)}`;
    const response = await target.webhook("quick", { body }).catch(() => null);
    if (response === null) return;
    expect(response.status).toBe(202);
    const answer = await response.json().catch(() => null);
    if (answer === null) return;
    const { run_id: id } = answer as { run_id: string };
    accepted.push(id);
    bodies.set(id, body);
  }
}

const isLive = (pid: number): boolean => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

beforeAll(async () => {
  const first = await BinaryServer.start({ workspace, args: limits });
  inFlight = [await first.trigger("long"), await first.trigger("long"), await first.trigger("daemon")];
  for (const id of inFlight) await first.waitForRun(id, ({ steps }) => steps[0]?.status === "running");
  await eventually("process of each step", () => workspace.findStepProcesses().length >= 7);
  const sending = Promise.all([0, 1, 2, 3].map((sender) => keepSending(sender, first)));
  await eventually("queue", () => accepted.length >= 40, 20_000);
  sandboxesLeft = findSandboxProcesses(first.pid);
  await first.kill();
  await sending;
  stepsLeft = workspace.findStepProcesses();
  server = await BinaryServer.start({ workspace, args: limits });
}, 60_000);
afterAll(async () => {
  await server.remove();
});

test("the steps of a killed server live on, its sandbox processes do not", async () => {
  expect(stepsLeft.length).toBeGreaterThanOrEqual(7);
  expect(sandboxesLeft.length).toBeGreaterThan(0);
  await eventually("end of the sandbox processes", () => !sandboxesLeft.some(isLive));
});

test("runs in flight at a kill go on, and their steps were neither ended nor started anew", async () => {
  for (const id of inFlight) {
    const run = await server.waitForRun(id, ({ status }) => status === "running");
    expect(run.steps.map(({ status, attempts }) => [status, attempts])).toEqual([["running", 1]]);
  }
  // What leads a session: the wrappers of the steps, and the daemon that left its own.
  const leaders = (pids: readonly number[]): readonly number[] =>
    pids.filter((pid) => readProcessStat(pid)?.sessionId === pid);
  expect(leaders(stepsLeft).length).toBeGreaterThanOrEqual(4);
  expect(leaders(workspace.findStepProcesses())).toEqual(leaders(stepsLeft));
});

test("their steps can be cancelled, also a process that left its session and ignores SIGTERM", async () => {
  for (const id of inFlight) await server.request("POST", `/api/runs/${id}/cancel`);
  for (const id of inFlight) expect((await server.waitForEnd(id)).status).toBe("cancelled");
  await eventually("end of the steps", () => !stepsLeft.some(isLive), 20_000);
});

test("each run that was answered with 202 before the kill is there, and runs once", async () => {
  const finished: RunJson[] = [];
  for (const id of accepted) finished.push(await server.waitForEnd(id));

  expect(finished.map(({ status }) => status)).toEqual(accepted.map(() => "succeeded"));
  expect(finished.map(({ result }) => result as unknown)).toEqual(accepted.map((id) => bodies.get(id)));
  // Runs on disk whose answer did not get out any more are there as well.
  const all = await server.listRuns("pipeline=quick");
  const lines = workspace.lines("quick-runs");
  expect(lines.length).toBe(all.length);
  expect(new Set(lines).size).toBe(lines.length);
}, 60_000);

test("nothing of the ended steps is left in the spool folder", async () => {
  await eventually("empty spool", () => readdirSync(join(workspace.dataDir, "spool")).length === 0);
});
