// A graph of a hundred jobs of one no-op step each, beside the same steps in a script, in turn.

import { runPipeline } from "./api.ts";
import type { Row } from "./row.ts";
import { startRunner, withServer } from "./server-process.ts";
import { median } from "./statistics.ts";

const jobCount = 100;
const rounds = 9;

export async function measureGraph(): Promise<Row[]> {
  const { graphs, scripts } = await withServer(startRunner({ maxConcurrentSteps: 8 }), async (server) => {
    const times = { graphs: [] as number[], scripts: [] as number[] };
    const time = async (pipeline: string): Promise<number> => {
      const startedAt = performance.now();
      await runPipeline(server, pipeline, {});
      return performance.now() - startedAt;
    };
    for (let round = -2; round < rounds; round += 1) {
      const [graph, script] = [await time("graph"), await time("graph-steps")];
      if (round < 0) continue;
      times.graphs.push(graph);
      times.scripts.push(script);
    }
    return times;
  });
  const [ours, raw] = [median(graphs) / jobCount, median(scripts) / jobCount];
  return [
    {
      what: "YAML graph of 100 jobs of a no-op step, each job",
      unit: "ms",
      runner: ours,
      baseline: { name: "the steps in a script", value: raw },
      goal: { text: "≤ 2 ms more", met: ours - raw <= 2 },
    },
  ];
}
