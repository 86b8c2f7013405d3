// Following a log over a real socket.

import { afterEach, expect, test } from "bun:test";
import type { Engine, FollowOptions } from "../../../src/engine/engine.ts";
import { createServer, type HttpLimits, type Listening } from "../../../src/server/server.ts";
import { createFakeEngine, makeEntry, runId, token } from "./fake-engine.ts";
import { openRaw } from "./raw-connection.ts";

const opened: Listening[] = [];
afterEach(async () => {
  for (const listening of opened.splice(0)) await listening.stop(0);
});

async function listen(engine: Partial<Engine>, limits: Partial<HttpLimits> = {}) {
  const server = createServer({ engine: createFakeEngine(engine), token, limits });
  const listening = await server.listen({ host: "127.0.0.1", port: 0 });
  opened.push(listening);
  return listening;
}

const follow = (query = "") =>
  `GET /api/runs/${runId}/logs?follow=1${query} HTTP/1.1\nHost: nas\nAuthorization: Bearer ${token}\n\n`;

/** A follower that yields what is pushed, and tells when it was released. */
function openLog() {
  const released = Promise.withResolvers<void>();
  let wake = Promise.withResolvers<void>();
  let seq = 0;
  const texts: string[] = [];
  let ended = false;
  return {
    released: released.promise,
    push(text: string) {
      texts.push(text);
      wake.resolve();
    },
    end() {
      ended = true;
      wake.resolve();
    },
    async *readLogs(_: string, { signal }: FollowOptions) {
      signal?.addEventListener("abort", () => wake.resolve());
      try {
        while (!signal?.aborted) {
          for (const text of texts.splice(0)) yield makeEntry(++seq, { text });
          if (ended) return;
          await wake.promise;
          wake = Promise.withResolvers();
        }
      } finally {
        released.resolve();
      }
    },
  };
}

test("headers of NDJSON come at once, each entry as it happens, and the end when the run ends", async () => {
  const log = openLog();
  const { port } = await listen(log);
  const raw = await openRaw(port);
  raw.send(follow("&format=ndjson"));
  await raw.waitFor(/\r\n\r\n/);
  log.push("one");
  await raw.waitFor(/"one"}\n/);
  expect(raw.received()).not.toContain("two");
  log.push("two");
  await raw.waitFor(/"two"}\n/);
  log.end();
  await raw.waitFor(/\r\n0\r\n\r\n$/);
  await log.released;
  raw.socket.destroy();
});

test("a client that leaves releases its follower, silent or not", async () => {
  for (const [query, pushes] of [
    ["", 0],
    ["", 1],
    ["&format=ndjson", 0],
  ] as const) {
    const log = openLog();
    const { port } = await listen(log);
    const raw = await openRaw(port);
    raw.send(follow(query));
    await raw.waitFor(/200 OK/);
    if (pushes) log.push("one");
    raw.socket.destroy();
    await log.released;
  }
});

test("silent NDJSON has empty lines as heartbeats, silent text has nothing", async () => {
  const { port } = await listen(openLog(), { heartbeatMs: 30 });
  const ndjson = await openRaw(port);
  ndjson.send(follow("&format=ndjson"));
  await ndjson.waitFor(/\r\n\r\n(?:1\r\n\n\r\n){4}/);
  const text = await openRaw(port);
  text.send(follow());
  await text.waitFor(/200 OK/);
  await Bun.sleep(150);
  expect(text.received()).not.toContain("\r\n\r\n");
  ndjson.socket.destroy();
  text.socket.destroy();
});

test("an entry that comes after heartbeats is neither lost nor doubled", async () => {
  const log = openLog();
  const { url } = await listen(log, { heartbeatMs: 10 });
  const answer = await fetch(`${url}/api/runs/${runId}/logs?follow=1&format=ndjson`, {
    headers: { authorization: `Bearer ${token}` },
  });
  for (const text of ["a", "b", "c"]) {
    await Bun.sleep(35);
    log.push(text);
  }
  log.end();
  const lines = (await answer.text()).split("\n").filter((line) => line !== "");
  expect(lines.map((line) => JSON.parse(line).text)).toEqual(["a", "b", "c"]);
});

test("a reader that does not read stops the log's reading", async () => {
  let yielded = 0;
  const { port } = await listen({
    async *readLogs() {
      for (; yielded < 100_000; yielded++) yield makeEntry(yielded + 1, { text: "x".repeat(10_000) });
    },
  });
  const raw = await openRaw(port);
  raw.socket.pause();
  raw.send(follow());
  await Bun.sleep(1000);
  const whileStalled = yielded;
  await Bun.sleep(300);
  expect(yielded).toBe(whileStalled);
  expect(yielded).toBeLessThan(10_000);
  raw.socket.destroy();
});

test("HEAD of a followed log is answered at once", async () => {
  const { port } = await listen(openLog());
  const raw = await openRaw(port);
  raw.send(follow().replace("GET", "HEAD"));
  expect(await raw.waitFor(/\r\n\r\n/)).toStartWith("HTTP/1.1 200");
  raw.socket.destroy();
});
