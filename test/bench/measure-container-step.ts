// A container step beside `docker run --rm` of the same, measured in turn, for the engine's own pace changes.

import { prepareImages } from "../fixtures/images/images.ts";
import { runPipeline } from "./api.ts";
import type { Row } from "./row.ts";
import { startRunner } from "./server-process.ts";
import { median } from "./statistics.ts";

const rounds = 7;
const count = 4;

export async function measureContainerStep(): Promise<Row[]> {
  await prepareImages();
  const server = await startRunner({ maxConcurrentSteps: 8 });
  const ours: number[] = [];
  const raws: number[] = [];
  try {
    const measure = async (): Promise<number> =>
      ((await runPipeline(server, "container-steps", { count })) as { msPerStep: number }).msPerStep;
    await measure();
    for (let round = 0; round < rounds; round += 1) {
      raws.push(await runRaw());
      ours.push(await measure());
    }
  } finally {
    await server.stop();
  }
  const [runner, raw] = [median(ours), median(raws)];
  return [
    {
      what: "container step `true`",
      unit: "ms",
      runner,
      baseline: { name: "docker run --rm", value: raw },
      goal: { text: "≤ 1.15 ×", met: runner <= 1.15 * raw },
    },
  ];
}

async function runRaw(): Promise<number> {
  const startedAt = performance.now();
  for (let done = 0; done < count; done += 1) {
    const argv = ["docker", "run", "--rm", "--pull=never", "busybox", "true"];
    const child = Bun.spawn(argv, { stdin: "ignore", stdout: "ignore", stderr: "pipe" });
    if ((await child.exited) !== 0) throw new Error(`docker run: ${await new Response(child.stderr).text()}`);
  }
  return (performance.now() - startedAt) / count;
}
