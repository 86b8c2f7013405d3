// The measurements of scripts/bench; each measures the server and a raw baseline one after the other.

import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { measureContainerStep } from "./measure-container-step.ts";
import { listRunIds, runPipeline, triggerPipeline } from "./api.ts";
import { countRunningSteps, measureMemory } from "./process-tree.ts";
import { history } from "./measure-history.ts";
import { logs } from "./measure-logs.ts";
import { deadEndpoint, deliveries } from "./measure-deliveries.ts";
import { measureDuplicates } from "./measure-duplicates.ts";
import { measureCompile } from "./measure-compile.ts";
import { measureGraph } from "./measure-graph.ts";
import { measureRedaction } from "./measure-redaction.ts";
import { replay, restart, waiting } from "./measure-waiting.ts";
import { verification } from "./measure-verification.ts";
import type { Row } from "./row.ts";
import type { rowNames } from "./row-names.ts";
import { runScript, startRawElysia, startRunner, type ServerProcess, withServer } from "./server-process.ts";
import { median } from "./statistics.ts";
import { sendWebhooks } from "./webhook-load.ts";

const maxSteps = 8;
const usual = { warmUpMs: 1500, measureMs: 5000 };

async function withTemporaryFile<T>(use: (path: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), "runner-bench-raw-"));
  try {
    return await use(join(dir, "raw.db"));
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

function measureCommit(): Promise<number> {
  return withTemporaryFile(async (path) => (await runScript<{ medianMs: number }>("raw/commits.ts", [path])).medianMs);
}

/** `webhook → respond` at 32 connections: rate and p99. */
async function respond(): Promise<Row[]> {
  const ours = await withServer(startRunner({ maxConcurrentSteps: maxSteps }), (server) =>
    sendWebhooks(server, { pipeline: "respond", connections: 32, status: 200, ...usual }),
  );
  const raw = await withServer(startRawElysia(), (server) =>
    sendWebhooks(server, { pipeline: "respond", connections: 32, status: 200, ...usual }),
  );
  const [rate, rawRate] = [ours.requestsPerSecond, raw.requestsPerSecond];
  return [
    {
      what: "webhook → respond, 32 connections",
      unit: "/s",
      runner: rate,
      baseline: { name: "Elysia POST", value: rawRate },
      goal: { text: "≥ 3000/s and ≥ 1/16", met: rate >= 3000 && rate * 16 >= rawRate },
    },
    {
      what: "webhook → respond, p99",
      unit: "ms",
      runner: ours.p99Ms,
      baseline: { name: "Elysia POST", value: raw.p99Ms },
      goal: { text: "≤ 25 ms", met: ours.p99Ms <= 25 },
    },
  ];
}

/** `webhook → durable 202` at 8 connections: p50 and p99. */
async function accept(): Promise<Row[]> {
  const ours = await withServer(startRunner({ maxConcurrentSteps: maxSteps }), (server) =>
    sendWebhooks(server, { pipeline: "accept", connections: 8, status: 202, ...usual }),
  );
  const commit = { name: "SQLite FULL commit, p50", value: await measureCommit() };
  return [
    {
      what: "webhook → 202, 8 connections, p50",
      unit: "ms",
      runner: ours.p50Ms,
      baseline: commit,
      goal: { text: "≤ 2 ms", met: ours.p50Ms <= 2 },
    },
    {
      what: "webhook → 202, p99",
      unit: "ms",
      runner: ours.p99Ms,
      baseline: commit,
      goal: { text: "≤ 10 ms", met: ours.p99Ms <= 10 },
    },
  ];
}

/** The middle one of several runs of a pipeline that gives `msPerStep`. */
async function measureSteps(server: ServerProcess, pipeline: string, count: number): Promise<number> {
  await runPipeline(server, pipeline, { count: 10 });
  const values: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    values.push(((await runPipeline(server, pipeline, { count })) as { msPerStep: number }).msPerStep);
  }
  return median(values);
}

async function noOpStep(): Promise<Row[]> {
  const ours = await withServer(startRunner({ maxConcurrentSteps: maxSteps }), (server) =>
    measureSteps(server, "no-op-steps", 1000),
  );
  return [
    {
      what: "journaled no-op step",
      unit: "ms",
      runner: ours,
      baseline: { name: "SQLite FULL commit, p50", value: await measureCommit() },
      goal: { text: "≤ 1.0 ms", met: ours <= 1 },
    },
  ];
}

async function threeSteps(): Promise<Row[]> {
  const ours = await withServer(startRunner({ maxConcurrentSteps: maxSteps }), async (server) => {
    const times: number[] = [];
    for (let round = 0; round < 200; round += 1) {
      const startedAt = performance.now();
      await runPipeline(server, "three-steps", {});
      times.push(performance.now() - startedAt);
    }
    return median(times);
  });
  return [
    {
      what: "run of three no-op steps, trigger and wait",
      unit: "ms",
      runner: ours,
      baseline: { name: "SQLite FULL commit, p50", value: await measureCommit() },
      goal: null,
    },
  ];
}

async function processStep(): Promise<Row[]> {
  const count = 100;
  const ours = await withServer(startRunner({ maxConcurrentSteps: maxSteps }), (server) =>
    measureSteps(server, "process-steps", count),
  );
  const raws: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    raws.push(
      await withTemporaryFile(
        async (path) => (await runScript<{ meanMs: number }>("raw/spawns.ts", [path, String(count)])).meanMs,
      ),
    );
  }
  const raw = median(raws);
  return [
    {
      what: "process step `true`",
      unit: "ms",
      runner: ours,
      baseline: { name: "Bun.spawn + 2 commits", value: raw },
      goal: { text: "≤ 2 ×", met: ours <= 2 * raw },
    },
  ];
}

async function conditions(): Promise<Row[]> {
  const { ours, baseline } = await runScript<{ ours: number; baseline: number }>("raw/conditions.ts", []);
  return [
    {
      what: "condition of a webhook, compiled",
      unit: "/s",
      runner: ours,
      baseline: { name: "jexl's own grammar", value: baseline },
      goal: { text: "≥ 200000/s", met: ours >= 200_000 },
    },
  ];
}

async function start(): Promise<Row[]> {
  const measure = async (open: () => Promise<ServerProcess>) => {
    const times: number[] = [];
    for (let round = 0; round < 7; round += 1) {
      times.push(await withServer(open(), (server) => Promise.resolve(server.firstAnswerMs)));
    }
    return median(times);
  };
  const ours = await measure(() => startRunner({ maxConcurrentSteps: maxSteps }));
  return [
    {
      what: "start to first answer",
      unit: "ms",
      runner: ours,
      baseline: { name: "Elysia under bun", value: await measure(startRawElysia) },
      goal: { text: "≤ 200 ms", met: ours <= 200 },
    },
  ];
}

async function idle(): Promise<Row[]> {
  const settleMs = 5000;
  const measure = (server: ServerProcess) => Bun.sleep(settleMs).then(() => measureMemory(server.pid));
  const ours = await withServer(startRunner({ maxConcurrentSteps: maxSteps }), measure);
  const raw = await withServer(startRawElysia(), measure);
  return [
    {
      what: "idle memory, all processes",
      unit: "MiB",
      runner: ours.pssMib,
      baseline: { name: "Elysia under bun", value: raw.pssMib },
      goal: { text: "≤ 100 MB", met: ours.pssMib * 1.048576 <= 100 },
    },
  ];
}

/** Waits until every triggered run has succeeded; the most steps seen at once. */
async function watchBurst(
  server: ServerProcess,
  ids: Promise<readonly string[]>,
): Promise<{ mostSteps: number; lost: number }> {
  const giveUpAt = performance.now() + 60_000;
  let mostSteps = 0;
  let triggered: readonly string[] | null = null;
  void ids.then((done) => {
    triggered = done;
  });
  for (;;) {
    for (let sample = 0; sample < 5; sample += 1) {
      mostSteps = Math.max(mostSteps, countRunningSteps("burst"));
      await Bun.sleep(20);
    }
    if (triggered === null && performance.now() < giveUpAt) continue;
    const succeeded = new Set(await listRunIds(server, "burst", "succeeded"));
    const lost = (await ids).filter((id) => !succeeded.has(id)).length;
    if (lost === 0 || performance.now() >= giveUpAt) return { mostSteps, lost };
  }
}

async function burst(): Promise<Row[]> {
  const count = 500;
  const { allMs, mostSteps, lost } = await withServer(startRunner({ maxConcurrentSteps: maxSteps }), async (server) => {
    const startedAt = performance.now();
    const ids = Promise.all(Array.from({ length: count }, () => triggerPipeline(server, "burst")));
    const seen = await watchBurst(server, ids);
    return { allMs: performance.now() - startedAt, ...seen };
  });
  const raw = await runScript<{ allMs: number }>("raw/burst.ts", [String(count), String(maxSteps)]);
  const isKept = mostSteps <= maxSteps && lost === 0;
  return [
    {
      what: `${String(count)} at once, ${String(maxSteps)} steps at a time`,
      unit: "ms",
      runner: allMs,
      baseline: { name: `Bun.spawn, ${String(maxSteps)} at a time`, value: raw.allMs },
      goal: { text: `≤ ${String(maxSteps)} steps, 0 lost`, met: isKept },
    },
  ];
}

/** By the names that scripts/bench takes. */
export const measurements: Readonly<Record<keyof typeof rowNames, () => Promise<Row[]>>> = {
  respond,
  accept,
  duplicates: measureDuplicates,
  "no-op": noOpStep,
  "three-steps": threeSteps,
  conditions,
  process: processStep,
  container: measureContainerStep,
  start,
  idle,
  burst,
  history,
  waiting,
  restart,
  replay,
  logs,
  verification,
  deliveries,
  "dead-endpoint": deadEndpoint,
  redaction: measureRedaction,
  compile: measureCompile,
  graph: measureGraph,
};
