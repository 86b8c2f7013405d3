// Reading logs as fast as they come, and following a hundred runs at once.

import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findNewestRunId, openText, runPipeline, triggerPipeline } from "./api.ts";
import type { Row } from "./row.ts";
import { type ServerProcess, startRawTicks, startRunner, withServer } from "./server-process.ts";
import { median, percentile } from "./statistics.ts";

/** Four steps that write a little less than what the log keeps of one. */
const files = 4;
const fileBytes = 15 * 1024 * 1024;
const totalMb = (files * fileBytes) / 1e6;
const rounds = 3;
const followed = 100;
const ticks = 50;

export async function logs(): Promise<Row[]> {
  return [...(await throughput()), ...(await delay())];
}

async function throughput(): Promise<Row[]> {
  const dir = await mkdtemp(join(tmpdir(), "runner-bench-log-"));
  try {
    const file = join(dir, "text");
    const line = "the quick brown fox jumps over the lazy dog, as it has done in many a log before\n";
    await writeFile(file, line.repeat(Math.ceil(fileBytes / line.length)).slice(0, fileBytes - 1) + "\n");
    const catMbPerS = median(await repeat(async () => await readCat(file)));
    const args = ["--min-free-space=0"];
    return await withServer(startRunner({ maxConcurrentSteps: 8, args }), async (server) => {
      const params = { file, files };
      await runPipeline(server, "cat-steps", params);
      const runId = await findNewestRunId(server);
      const stored = median(await repeat(async () => await readLog(server, runId)));
      const live = median(
        await repeat(
          async () => await readLog(server, await triggerPipeline(server, "cat-steps", params), "?follow=1"),
        ),
      );
      const baseline = { name: "cat through a pipe", value: catMbPerS };
      return [
        { what: "log of 60 MiB, read when stored", unit: "MB/s", runner: stored, baseline, goal: null },
        { what: "log of 60 MiB, followed as steps write it", unit: "MB/s", runner: live, baseline, goal: null },
      ];
    });
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

async function repeat(measure: () => Promise<number>): Promise<readonly number[]> {
  const values: number[] = [];
  for (let round = 0; round < rounds; round++) values.push(await measure());
  return values;
}

/** MB/s of the steps' bytes; what the log adds to a line is not counted. */
async function readLog(server: ServerProcess, runId: string, query = ""): Promise<number> {
  const startedAt = performance.now();
  await drain((await openText(server, `/api/runs/${runId}/logs${query}`)).body);
  return totalMb / ((performance.now() - startedAt) / 1000);
}

async function readCat(file: string): Promise<number> {
  const startedAt = performance.now();
  const child = Bun.spawn(["cat", ...Array.from({ length: files }, () => file)], { stdout: "pipe", stderr: "inherit" });
  await drain(child.stdout);
  return totalMb / ((performance.now() - startedAt) / 1000);
}

async function drain(stream: ReadableStream<Uint8Array> | null): Promise<void> {
  let bytes = 0;
  for await (const chunk of stream ?? []) bytes += chunk.length;
  if (bytes < files * fileBytes) throw new Error(`only ${String(bytes)} bytes came of ${String(files * fileBytes)}`);
}

/** From a script's `console.log` to the line's arrival, through the journal and the disk. */
async function delay(): Promise<Row[]> {
  const args = [`--max-concurrent-runs=${String(followed)}`, "--min-free-space=0"];
  const ours = await withServer(startRunner({ maxConcurrentSteps: 8, args }), (server) =>
    measureDelays(async () => {
      const id = await triggerPipeline(server, "ticks", { count: ticks });
      return await openText(server, `/api/runs/${id}/logs?follow=1`);
    }),
  );
  const raw = await withServer(startRawTicks(ticks), (server) => measureDelays(() => openText(server, "/ticks")));
  const what = `${String(followed)} runs followed at once, 10 lines/s each: delay`;
  return [
    {
      what: `${what}, p50`,
      unit: "ms",
      runner: percentile(ours, 0.5),
      baseline: { name: "Bun.serve, streaming", value: percentile(raw, 0.5) },
      goal: null,
    },
    {
      what: `${what}, p99`,
      unit: "ms",
      runner: percentile(ours, 0.99),
      baseline: { name: "Bun.serve, streaming", value: percentile(raw, 0.99) },
      goal: null,
    },
  ];
}

async function measureDelays(open: () => Promise<Response>): Promise<readonly number[]> {
  const delays = await Promise.all(
    Array.from({ length: followed }, async () => {
      const decoder = new TextDecoder();
      const found: number[] = [];
      let text = "";
      for await (const chunk of (await open()).body ?? []) {
        text += decoder.decode(chunk, { stream: true });
        const lines = text.split("\n");
        text = lines.pop() ?? "";
        const now = Date.now();
        for (const line of lines) {
          const sentAt = /\btick (\d{13})$/.exec(line)?.[1];
          if (sentAt !== undefined) found.push(now - Number(sentAt));
        }
      }
      return found;
    }),
  );
  const found = delays.flat();
  if (found.length !== followed * ticks)
    throw new Error(`${String(found.length)} of ${String(followed * ticks)} lines came`);
  return found;
}
