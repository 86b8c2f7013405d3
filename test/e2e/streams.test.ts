// Runs as they happen, as curl and a browser's EventSource see them, against the compiled binary.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, writeFileSync } from "node:fs";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { eventually } from "../fixtures/harness/eventually.ts";
import { parseEvents } from "../integration/server/parse-events.ts";

/** Writes a line, waits for a file that the test makes, writes another one. */
const waiting = (config: string): string => `export const config = ${config};
export const pipeline = async () => {
  const go = pipelineContext.params.go ?? http.request()?.query.go;
  console.log("first");
  await runtime.run({ name: "wait", command: \`while [ ! -e "\${go}" ]; do sleep 0.02; done\` });
  http.respond({ status: 418, body: "not seen" });
  console.log("second");
  if (pipelineContext.params.fail) throw new Error("it failed");
};
`;

let server: BinaryServer;

beforeAll(async () => {
  server = await BinaryServer.start({
    pipelines: {
      "open.ts": waiting('{ webhook: { stream: true }, params: { go: { type: "string" } } }'),
      "plain.ts": "export const pipeline = () => http.respond({ body: http.request().query.stream });\n",
      "failing.ts":
        'export const config = { webhook: { stream: true } };\nexport const pipeline = () => { throw new Error("it failed"); };\n',
      "signed.ts":
        'export const config = { webhook: { stream: true, secret: "hunter2hunter2" } };\nexport const pipeline = () => 1;\n',
      "chatty.ts": `export const pipeline = async () => {
        await runtime.run({ name: "count", command: "i=0; while [ $i -lt 3000 ]; do echo line $i; i=$((i+1)); done" });
      };\n`,
    },
  });
});

afterAll(async () => {
  await server.remove();
});

/** curl as a user types it; what it has printed so far. */
function curl(...args: readonly string[]) {
  const child = Bun.spawn(["curl", "--silent", "--no-buffer", "--include", ...args], {
    stdout: "pipe",
    stderr: "ignore",
  });
  let text = "";
  const done = (async () => {
    const decoder = new TextDecoder();
    for await (const chunk of child.stdout) text += decoder.decode(chunk, { stream: true });
    return await child.exited;
  })();
  return { text: () => text, done, kill: () => child.kill() };
}

const auth = (): string[] => ["--header", `Authorization: Bearer ${server.token}`];
const asEvents = ["--header", "Accept: text/event-stream"];

test("a webhook's caller sees each line as it is written, and at the end how it ended", async () => {
  const go = server.workspace.path("go-webhook");
  const caller = curl("-X", "POST", `${server.url}/api/webhooks/open?stream=1&go=${encodeURIComponent(go)}`);
  await eventually("first line", () => caller.text().includes("first\n"));
  expect(caller.text()).toMatch(/^HTTP\/1.1 200 OK\r\n/);
  const runId = /x-run-id: (\S+)/i.exec(caller.text())?.[1] ?? "";
  expect((await server.getRun(runId)).status).not.toBe("succeeded");
  expect(caller.text()).not.toContain("second");
  writeFileSync(go, "");
  expect(await caller.done).toBe(0);
  expect(caller.text().split("\r\n\r\n")[1]).toBe(`[runner] run ${runId}\nfirst\nsecond\n[runner] succeeded\n`);
});

test("a failed run says so in the last line", async () => {
  const caller = curl("-X", "POST", `${server.url}/api/webhooks/failing?stream=1`);
  await caller.done;
  expect(caller.text()).toContain("it failed");
  expect(caller.text()).toEndWith("[runner] failed\n");
});

test("without webhook.stream the parameter is the script's, and nobody unsigned sees a signed pipeline's log", async () => {
  expect(await (await server.webhook("plain?stream=1")).text()).toBe("1");
  const unsigned = await server.webhook("signed?stream=1");
  expect([unsigned.status, unsigned.headers.get("content-type")]).toEqual([401, "application/problem+json"]);
});

test("a caller that leaves ends its curl, not the run", async () => {
  const go = server.workspace.path("go-left");
  const caller = curl(
    "-X",
    "POST",
    ...auth(),
    ...asEvents,
    "-d",
    JSON.stringify({ params: { go } }),
    `${server.url}/api/pipelines/open/trigger`,
  );
  await eventually("first line", () => caller.text().includes('"first"'));
  const runId = /"run_id":"([^"]+)"/.exec(caller.text())?.[1] ?? "";
  caller.kill();
  await caller.done;
  writeFileSync(go, "");
  expect((await server.waitForEnd(runId)).status).toBe("succeeded");
});

test("a trigger's events end with the finished run", async () => {
  const go = server.workspace.path("go-trigger");
  writeFileSync(go, "");
  expect(existsSync(go)).toBe(true);
  const caller = curl(
    "-X",
    "POST",
    ...auth(),
    ...asEvents,
    "-d",
    JSON.stringify({ params: { go } }),
    `${server.url}/api/pipelines/open/trigger`,
  );
  expect(await caller.done).toBe(0);
  const received = parseEvents(caller.text().split("\r\n\r\n")[1] ?? "");
  expect(received.map(({ name }) => name)).toEqual(["run", "log", "log", "end"]);
  expect(received.at(-1)?.data).toMatchObject({ id: received[0]?.data["run_id"], status: "succeeded" });
});

test("a log that is followed by connections that break again and again is whole, and has nothing twice", async () => {
  const runId = await server.trigger("chatty");
  const texts: string[] = [];
  let lastId = "";
  for (let life = 0; lastId !== "end"; life++) {
    expect(life).toBeLessThan(500);
    const leave = new AbortController();
    const answer = await fetch(`${server.url}/api/runs/${runId}/logs`, {
      headers: { authorization: `Bearer ${server.token}`, accept: "text/event-stream", "last-event-id": lastId },
      signal: leave.signal,
    });
    let text = "";
    const decoder = new TextDecoder();
    try {
      for await (const chunk of answer.body ?? []) {
        text += decoder.decode(chunk, { stream: true });
        // Each connection lives for a little longer than the one before.
        if (text.length > 500 + life * 200) leave.abort();
      }
    } catch {}
    // An event that was cut is not an event.
    for (const { id, name, data } of parseEvents(text.slice(0, text.lastIndexOf("\n\n") + 2))) {
      if (name === "log") texts.push(String(data["text"]));
      lastId = id;
    }
  }
  const expected = Array.from({ length: 3000 }, (_, index) => `line ${index}\n`).join("");
  expect(texts.join("")).toBe(expected);
});

test("a hundred followers of one run each get all of it", async () => {
  const runId = await server.trigger("chatty");
  const followers = Array.from({ length: 100 }, async () => {
    const answer = await server.request("GET", `/api/runs/${runId}/logs?follow=1`);
    return await answer.text();
  });
  const expected = Array.from({ length: 3000 }, (_, index) => `line ${index}\n`).join("");
  for (const text of await Promise.all(followers)) expect(text).toBe(expected);
});
