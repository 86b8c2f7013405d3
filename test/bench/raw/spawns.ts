// Baseline for process steps: a bare Bun.spawn of `true` and two durable commits, one after the other. Prints the mean
// in ms, because the pipeline beside it can measure only the mean.

import { openCommits } from "./commits.ts";

const commit = openCommits(Bun.argv[2] ?? "");
const count = Number(Bun.argv[3] ?? 100);

async function step(): Promise<void> {
  commit();
  await Bun.spawn(["true"], { stdin: "ignore", stdout: "ignore", stderr: "ignore" }).exited;
  commit();
}

for (let done = 0; done < 10; done += 1) await step();
const startedAt = performance.now();
for (let done = 0; done < count; done += 1) await step();
console.log(JSON.stringify({ meanMs: (performance.now() - startedAt) / count }));
