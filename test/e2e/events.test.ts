// `runner events -f` and an EventSource's way of coming back, against a server that is killed and started again.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { createServer } from "node:net";
import type { EventJson } from "../../src/core/event-json.ts";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { eventually } from "../fixtures/harness/eventually.ts";
import { runnerBinary } from "../fixtures/harness/runner-binary.ts";
import { parseEvents } from "../integration/server/parse-events.ts";

const pipelines = {
  "deploy.ts": `export const pipeline = async () => { await events.emit("deploy.done", pipelineContext.params); };
    export const config = { params: { n: { type: "number", required: true } } };`,
};

let port: number;
let server: BinaryServer;
beforeAll(async () => {
  port = await findPort();
  server = await BinaryServer.start({ pipelines, args: [`--port=${String(port)}`] });
});
afterAll(async () => {
  await server.remove();
});

/** One that the next life can have as well. */
async function findPort(): Promise<number> {
  const probe = createServer();
  await new Promise<void>((resolve) => probe.listen(0, "127.0.0.1", resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === "object" ? (address?.port ?? 0) : 0;
}

async function restart(): Promise<void> {
  await server.kill();
  server = await BinaryServer.start({ workspace: server.workspace, args: [`--port=${String(port)}`] });
}

async function deploy(from: number, count: number): Promise<void> {
  for (let n = from; n < from + count; n++) await server.run("deploy", { n });
}

const numbers = (from: number, count: number): readonly number[] => Array.from({ length: count }, (_, n) => from + n);

test("runner events -f misses nothing and prints nothing twice while the server is killed and started again", async () => {
  const { workspace } = server;
  const follower = Bun.spawn([runnerBinary, "events", "-f", "--json", "--type", "deploy.*"], {
    cwd: workspace.dir,
    env: { ...workspace.environment, RUNNER_SERVER: server.url, RUNNER_TOKEN: server.token },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
  });
  let output = "";
  const read = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of follower.stdout) output += decoder.decode(chunk, { stream: true });
  })();
  const printed = (): readonly EventJson[] =>
    output
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as EventJson);
  await deploy(0, 3);
  await eventually("the first events", () => printed().length >= 3);
  await restart();
  await deploy(3, 3);
  await eventually("events of the next life", () => printed().length >= 6);
  await restart();
  await deploy(6, 2);
  await eventually("events of the one after that", () => printed().length >= 8);
  follower.kill("SIGINT");
  await read;
  expect(await follower.exited).toBe(130);
  expect(printed().map(({ data }) => data["n"])).toEqual([...numbers(0, 8)]);
});

test("a stream that is asked for behind its last event goes on there, over a restart", async () => {
  const follow = async (lastEventId: string | null, count: number) => {
    const leaving = new AbortController();
    const headers = {
      authorization: `Bearer ${server.token}`,
      accept: "text/event-stream",
      ...(lastEventId === null ? {} : { "last-event-id": lastEventId }),
    };
    const answer = await fetch(`${server.url}/api/events?type=deploy.done`, { headers, signal: leaving.signal });
    let text = "";
    const decoder = new TextDecoder();
    for await (const chunk of answer.body ?? []) {
      text += decoder.decode(chunk, { stream: true });
      if (parseEvents(text).length >= count) break;
    }
    leaving.abort();
    return parseEvents(text);
  };
  const first = follow(null, 2);
  await Bun.sleep(200);
  await deploy(20, 2);
  const seen = await first;
  await deploy(22, 1);
  await restart();
  await deploy(23, 1);
  const rest = await follow(seen.at(-1)?.id ?? null, 2);
  const told = [...seen, ...rest].map(({ data }) => (data["data"] as { readonly n: number }).n);
  expect(told).toEqual([...numbers(20, 4)]);
});
