// What a million finished runs cost: the same requests to a server with them and to one without, in turn.

import { openText, runPipeline } from "./api.ts";
import { compareInTurn } from "./compare-in-turn.ts";
import { findFinishedRuns } from "./finished-runs.ts";
import type { Row } from "./row.ts";
import { type ServerProcess, startRunner, withServer } from "./server-process.ts";

const finishedRuns = 1_000_000;
const rounds = 300;
const listed = 50;

type Request = (server: ServerProcess) => Promise<unknown>;

async function read(server: ServerProcess, path: string): Promise<string> {
  return await (await openText(server, path)).text();
}

export async function history(): Promise<Row[]> {
  const database = findFinishedRuns(finishedRuns);
  const args = [`--storage=sqlite://${database}`, `--retention-runs=${2 * finishedRuns}`, "--min-free-space=0"];
  const rows: Row[] = [];
  await withServer(startRunner({ maxConcurrentSteps: 8, args }), async (full) => {
    await withServer(startRunner({ maxConcurrentSteps: 8 }), async (empty) => {
      const measure = async (what: string, request: Request): Promise<void> => {
        const [runner, value] = await compareInTurn(full, empty, rounds, request);
        const goal = { text: "≤ 1.5 ×", met: runner <= 1.5 * value };
        rows.push({ what, unit: "ms", runner, baseline: { name: "without them", value }, goal });
      };
      const ids = new Map<ServerProcess, string>();
      for (const server of [full, empty]) ids.set(server, String(await runPipeline(server, "lines", { count: 1000 })));
      await measure("1,000,000 finished runs: trigger and wait", (server) => runPipeline(server, "accept", {}));
      await measure(`1,000,000 finished runs: list of ${listed}`, (server) =>
        read(server, `/api/runs?limit=${listed}`),
      );
      await measure(`1,000,000 finished runs: list of ${listed} by pipeline and status`, (server) =>
        read(server, `/api/runs?limit=${listed}&pipeline=accept&status=succeeded`),
      );
      await measure("1,000,000 finished runs: log of 1,000 lines", (server) =>
        read(server, `/api/runs/${ids.get(server) ?? ""}/logs`),
      );
    });
  });
  return rows;
}
