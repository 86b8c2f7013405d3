// Steps that write much more than anybody wants to keep.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import type { RunJson } from "../../src/core/run-json.ts";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";

const mebibyte = 1024 * 1024;
const lineBytes = 64;
const zeros = 1_000_000_000;
const totalBytes = "first\n".length + zeros + Math.floor(zeros / (lineBytes - 1)) + "\nlast\n".length;
/** 1 GB in lines of 64 bytes, with a word at both ends. */
const gigabyte = `echo first; head -c $BYTES /dev/zero | tr '\\0' x | fold -w ${String(lineBytes - 1)}; echo; echo last`;

const pipelines = {
  "gigabyte.ts": `export const config = { params: { bytes: { type: "number", required: true } } };
  export const pipeline = async () => {
    const env = { BYTES: String(pipelineContext.params.bytes) };
    const { stdout, code } = await runtime.run({ name: "gigabyte", env, command: ${JSON.stringify(gigabyte)} });
    return { code, length: stdout.length, head: stdout.slice(0, 12), tail: stdout.slice(-12), middle: /\\n\\[.*dropped.*\\]\\n/.test(stdout) };
  };`,
  "endless.ts": `export const pipeline = async () => {
    const { code, status, message } = await runtime.run({ name: "endless", command: "yes" });
    return { code, status, message };
  };`,
};

let server: BinaryServer;
let limited: BinaryServer;
beforeAll(async () => {
  server = await BinaryServer.start({ pipelines });
  limited = await BinaryServer.start({ pipelines, args: ["--max-step-output=4MiB"] });
});
afterAll(async () => {
  await Promise.all([server.remove(), limited.remove()]);
});

/** Memory of the server's own process; shared pages count in part. */
function pssMib(): number {
  const rollup = readFileSync(`/proc/${String(server.pid)}/smaps_rollup`, "utf8");
  return Number(/^Pss: +(\d+) kB/m.exec(rollup)?.[1]) / 1024;
}

/** Runs the pipeline to its end, and the most memory that the server had meanwhile. */
async function runAndMeasure(bytes: number): Promise<{ readonly run: RunJson; readonly mostMib: number }> {
  const id = await server.trigger("gigabyte", { bytes });
  let mostMib = 0;
  for (;;) {
    mostMib = Math.max(mostMib, pssMib());
    const run = await server.getRun(id);
    if (run.finished_at !== null) return { run, mostMib };
    await Bun.sleep(25);
  }
}

test("1 GB of output leaves memory flat, 16 MiB in the log with head and tail, and 1 MiB in the result", async () => {
  const idleMib = pssMib();
  const { mostMib: mostOfTenthMib } = await runAndMeasure(zeros / 10);
  const { run, mostMib } = await runAndMeasure(zeros);
  const { id, status, result } = run;
  expect(status).toBe("succeeded");
  const { length, ...rest } = result as unknown as Record<string, unknown>;
  expect(rest).toEqual({ code: 0, head: "first\nxxxxxx", tail: "xxxxxx\nlast\n", middle: true });
  expect(length).toBeGreaterThan(mebibyte / 2);
  expect(length).toBeLessThan(mebibyte + 200);

  const log = await server.logText(id);
  expect(log.length).toBeGreaterThan(10 * mebibyte);
  expect(log.length).toBeLessThan(16 * mebibyte + 1000);
  expect(log.slice(0, 12)).toBe("first\nxxxxxx");
  expect(log).toEndWith("xxxxxx\nlast\n");
  const marker = /\n\[[^\]]*?(\d+) bytes dropped[^\]]*\]\n/.exec(log);
  expect(log.length - (marker?.[0].length ?? 0) + Number(marker?.[1])).toBe(totalBytes);
  // What grows is garbage in waiting, the same for a tenth of the output.
  expect(mostMib - mostOfTenthMib).toBeLessThan(150);
  expect(mostMib - idleMib).toBeLessThan(250);
}, 90_000);

test("a step that writes more than --max-step-output is ended and says so", async () => {
  const { status, result, steps } = await limited.run("endless");
  const { code, status: end, message } = result as unknown as Record<string, unknown>;
  expect(status).toBe("succeeded");
  expect(end).toBe("abort");
  expect(code).not.toBe(0);
  expect(message).toContain("OUTPUT_LIMIT");
  expect(message).toContain("4 MiB");
  expect(message).toContain("--max-step-output");
  expect(steps.map((step) => step.status)).toEqual(["failed"]);
}, 30_000);

test("the spool is gone once the steps have ended", async () => {
  for (const { workspace } of [server, limited]) {
    expect(workspace.findStepProcesses()).toEqual([]);
    expect([...new Bun.Glob("spool/*").scanSync({ cwd: workspace.dataDir, onlyFiles: false })]).toEqual([]);
  }
});
