// What the system calls of the server say: a webhook is answered only after the disk has what the answer promises.

import { expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { eventually } from "../fixtures/harness/eventually.ts";
import { runnerBinary } from "../fixtures/harness/runner-binary.ts";
import { Workspace } from "../fixtures/harness/workspace.ts";

const pipelines = {
  "later.ts": `export const pipeline = async () => { await sleep("1h"); };`,
  "at-once.ts": `export const pipeline = () => {
    http.respond({ status: 201, body: "answer to " + http.request().body });
  };`,
};

interface SystemCall {
  readonly name: string;
  /** As written by the tracer, with the file's path. */
  readonly text: string;
  /** Lines of the trace, which are in the order of what happened. */
  readonly begunAt: number;
  readonly doneAt: number;
}

/** strace(1): a call that others interrupt is two lines, `<unfinished ...>` and `<... name resumed>`. */
function parseTrace(text: string): readonly SystemCall[] {
  const found: SystemCall[] = [];
  const unfinished = new Map<string, { name: string; text: string; begunAt: number }>();
  for (const [at, line] of text.split("\n").entries()) {
    const [, thread = "", said = ""] = /^(\d+) +(.*)$/s.exec(line) ?? [];
    const resumed = /^<\.\.\. (\w+) resumed>/.exec(said);
    const call = resumed === null ? undefined : unfinished.get(thread);
    if (call !== undefined) found.push({ ...call, doneAt: at });
    const name = /^(\w+)\(/.exec(said)?.[1];
    if (name === undefined) continue;
    if (said.endsWith("<unfinished ...>")) unfinished.set(thread, { name, text: said, begunAt: at });
    else found.push({ name, text: said, begunAt: at, doneAt: at });
  }
  return found;
}

/** Where the write of this text to the write-ahead log has reached the disk; null where it never did. */
function findDurable(systemCalls: readonly SystemCall[], text: string): number | null {
  const isWrite = (call: SystemCall): boolean => call.name === "pwrite64" && call.text.includes("runner.db-wal>");
  const written = systemCalls.find((call) => isWrite(call) && call.text.includes(text));
  const synced = systemCalls.find(
    ({ name, text: said, begunAt }) =>
      /^f(?:data)?sync$/.test(name) && said.includes("runner.db-wal>") && begunAt > (written?.doneAt ?? Infinity),
  );
  return synced?.doneAt ?? null;
}

/** One webhook to a server whose system calls are written down: its answer, and the calls. */
async function trace(
  pipeline: string,
  body: string,
  webhookTimeout: string,
): Promise<{ readonly status: number; readonly text: string; readonly systemCalls: readonly SystemCall[] }> {
  const workspace = new Workspace(pipelines);
  const file = workspace.path("trace");
  const program = workspace.path("traced");
  const traced = "-e trace=fsync,fdatasync,pwrite64,write,writev,sendto,sendmsg -e signal=none";
  const strace = `exec strace -f -y -s 200000 ${traced} -o ${file} ${runnerBinary} "$@"`;
  writeFileSync(program, `#!/bin/sh\n${strace}\n`, { mode: 0o755 });
  const server = await BinaryServer.start({ workspace, program, args: [`--webhook-timeout=${webhookTimeout}`] });
  try {
    const answer = await server.webhook(pipeline, { body });
    const text = await answer.text();
    const systemCalls = await eventually("trace of the answer", () => {
      const found = parseTrace(readFileSync(file, "utf8"));
      return findAnswer(found, text) === undefined ? undefined : found;
    });
    return { status: answer.status, text, systemCalls };
  } finally {
    // The tracer hands on no signal; the server is its only child.
    const pid = await eventually("server below the tracer", () => findChild(server.pid));
    process.kill(pid, "SIGKILL");
    await server.exited;
    await workspace.remove();
  }
}

const findAnswer = (systemCalls: readonly SystemCall[], text: string): SystemCall | undefined =>
  systemCalls.find((call) => /HTTP\/1\.1 20[12] /.test(call.text) && call.text.includes(text.replaceAll('"', '\\"')));

test.each([
  ["its run", "later", "request of later", "1ms", 202],
  ["the response of its script", "at-once", "request at once", "20s", 201],
] as const)("a webhook is answered only after the fsync that covers %s", async (_, name, body, timeout, expected) => {
  const { status, text, systemCalls } = await trace(name, body, timeout);
  expect(status).toBe(expected);
  const answeredAt = findAnswer(systemCalls, text)?.begunAt ?? -1;
  const promise = status === 202 ? (JSON.parse(text) as { run_id: string }).run_id : text;
  // A request and its run are one transaction; the response of a script is recorded before it is sent.
  for (const promised of [body, promise]) {
    const durableAt = findDurable(systemCalls, promised);
    expect({ promised, durableAt }).toEqual({ promised, durableAt: expect.any(Number) });
    expect(durableAt ?? Infinity).toBeLessThan(answeredAt);
  }
});

function findChild(parent: number): number | undefined {
  const pids = readFileSync(`/proc/${String(parent)}/task/${String(parent)}/children`, "utf8");
  return Number(pids.split(" ")[0]) || undefined;
}
