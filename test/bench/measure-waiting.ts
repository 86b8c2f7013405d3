// What runs that wait outside memory cost, how fast they come back, and how fast a server with many goes on.

import { Database } from "bun:sqlite";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { cancelRun, getRun, runPipeline, triggerPipeline } from "./api.ts";
import { compareInTurn } from "./compare-in-turn.ts";
import { multiplyRun } from "./multiply-run.ts";
import { measureMemory } from "./process-tree.ts";
import type { Row } from "./row.ts";
import { type ServerProcess, startRunner, withServer } from "./server-process.ts";
import { median } from "./statistics.ts";

const waitingRuns = 100_000;
const unfinishedRuns = 10_000;
const journalEntries = 9000;
const settleMs = 5000;
const rounds = 300;

async function untilStatus(server: ServerProcess, id: string, status: string): Promise<void> {
  for (let tries = 0; tries < 60_000; tries++) {
    if ((await getRun(server, id)).status === status) return;
    await Bun.sleep(1);
  }
  throw new Error(`run ${id} did not become ${status}`);
}

function serverOn(database: string): Promise<ServerProcess> {
  return startRunner({ maxConcurrentSteps: 8, args: [`--storage=sqlite://${database}`, "--min-free-space=0"] });
}

/** A database with so many waiting runs, for as long as it is used. */
async function withWaitingRuns<T>(count: number, use: (database: string) => Promise<T>): Promise<T> {
  const dir = await mkdtemp(join(tmpdir(), "runner-bench-waiting-"));
  const database = join(dir, "runner.db");
  try {
    await withServer(serverOn(database), async (server) => {
      await untilStatus(server, await triggerPipeline(server, "waits"), "waiting");
    });
    multiplyRun(database, count - 1);
    return await use(database);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

export async function waiting(): Promise<Row[]> {
  return await withWaitingRuns(waitingRuns, async (database) =>
    withServer(serverOn(database), async (full) =>
      withServer(startRunner({ maxConcurrentSteps: 8 }), async (empty) => {
        const trigger = (server: ServerProcess): Promise<unknown> => runPipeline(server, "accept", {});
        const [runner, value] = await compareInTurn(full, empty, rounds, trigger);
        await Bun.sleep(settleMs);
        const [used, without] = [measureMemory(full.pid).pssMib, measureMemory(empty.pid).pssMib];
        const isSmall = (used - without) * 1.048576 <= 50;
        return [
          {
            what: "100,000 waiting runs: memory, all processes",
            unit: "MiB",
            runner: used,
            baseline: { name: "without them", value: without },
            goal: { text: "≤ 50 MB more", met: isSmall },
          },
          {
            what: "100,000 waiting runs: trigger and wait",
            unit: "ms",
            runner,
            baseline: { name: "without them", value },
            goal: { text: "≤ 1.1 ×", met: runner <= 1.1 * value },
          },
        ];
      }),
    ),
  );
}

/** From the start of the process to the answer of a webhook that the server has run. */
async function measureRestart(database: string | null): Promise<number> {
  const opened = database === null ? startRunner({ maxConcurrentSteps: 8 }) : serverOn(database);
  return await withServer(opened, async (server) => {
    const askedAt = performance.now();
    const answer = await fetch(`http://127.0.0.1:${server.port}/api/webhooks/open`, { method: "POST", body: "{}" });
    if (answer.status !== 200 && answer.status !== 202) throw new Error(`the webhook got ${answer.status}`);
    return server.firstAnswerMs + performance.now() - askedAt;
  });
}

export async function restart(): Promise<Row[]> {
  const runner = await withWaitingRuns(unfinishedRuns, async (database) => {
    // As a server leaves them that is killed while all of them execute.
    const db = new Database(database);
    db.run("UPDATE runs SET status = 'running', wake_at = NULL");
    db.close();
    return await measureRestart(database);
  });
  const raws: number[] = [];
  for (let round = 0; round < 5; round += 1) raws.push(await measureRestart(null));
  return [
    {
      what: "restart with 10,000 unfinished runs, to a webhook's answer",
      unit: "ms",
      runner,
      baseline: { name: "without them", value: median(raws) },
      goal: { text: "≤ 2000 ms", met: runner <= 2000 },
    },
  ];
}

export async function replay(): Promise<Row[]> {
  return await withServer(startRunner({ maxConcurrentSteps: 8 }), async (server) => {
    const rates: (readonly [live: number, replayed: number])[] = [];
    for (let round = 0; round < 3; round += 1) {
      const startedAt = performance.now();
      const id = await triggerPipeline(server, "long-journal", { count: journalEntries });
      await untilStatus(server, id, "waiting");
      const waitedAt = performance.now();
      await cancelRun(server, id);
      await untilStatus(server, id, "cancelled");
      const rateOf = (ms: number): number => journalEntries / (ms / 1000);
      rates.push([rateOf(waitedAt - startedAt), rateOf(performance.now() - waitedAt)]);
    }
    return [
      {
        what: "replay of a journal",
        unit: "entries/s",
        runner: median(rates.map(([, replayed]) => replayed)),
        baseline: { name: "recording it", value: median(rates.map(([live]) => live)) },
        goal: null,
      },
    ];
  });
}
