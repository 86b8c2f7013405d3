// Starting on a port and stopping in an orderly way.

import { expect, test } from "bun:test";
import { AppError } from "../../../src/core/app-error.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { createServer } from "../../../src/server/server.ts";
import { createFakeEngine, makeRun, runId, token } from "./fake-engine.ts";
import { openRaw } from "./raw-connection.ts";

const listen = (engine: Partial<Engine> = {}, address = { host: "127.0.0.1", port: 0 }) =>
  createServer({ engine: createFakeEngine(engine), token }).listen(address);

const api = { headers: { authorization: `Bearer ${token}` } };

async function timeOf(work: Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await work;
  return performance.now() - startedAt;
}

test("an answer in flight is finished, and nothing new is accepted meanwhile", async () => {
  const called = Promise.withResolvers<void>();
  const { url, stop } = await listen({
    async receiveWebhook() {
      called.resolve();
      await Bun.sleep(500);
      return { type: "response", runId, status: 200, headers: {}, body: "done" };
    },
  });
  const answer = fetch(`${url}/api/webhooks/x`, { method: "POST" }).then((response) => response.text());
  await called.promise;
  const stopping = stop(10_000);
  await Bun.sleep(50);
  expect(fetch(`${url}/healthz`)).rejects.toThrow();
  expect(await answer).toBe("done");
  await stopping;
});

test("an answer that outlasts the grace is cut", async () => {
  const called = Promise.withResolvers<void>();
  const { url, stop } = await listen({
    receiveWebhook() {
      called.resolve();
      return new Promise(() => {});
    },
  });
  const answer = fetch(`${url}/api/webhooks/x`, { method: "POST" }).then(
    () => "answered",
    () => "cut",
  );
  await called.promise;
  expect(await timeOf(stop(200))).toBeLessThan(5000);
  expect(await answer).toBe("cut");
});

test("idle connections, and those that never send a request, do not hold it up", async () => {
  const { port, stop } = await listen();
  const silent = await openRaw(port);
  const half = await openRaw(port);
  half.send("GET /healthz HTTP/1.1\nHo");
  const idle = await openRaw(port);
  idle.send("GET /healthz HTTP/1.1\nHost: nas\n\n");
  await idle.waitFor(/ok/);
  expect(await timeOf(stop(10_000))).toBeLessThan(3000);
  for (const raw of [half, idle]) await raw.waitForClose();
  silent.socket.destroy();
});

test("?wait= is answered at once with the run as it is", async () => {
  const called = Promise.withResolvers<void>();
  const { url, stop } = await listen({
    waitAsCaller: (_, __, signal) =>
      new Promise((_resolve, reject) => {
        signal?.addEventListener("abort", () => reject(signal.reason as Error));
        called.resolve();
      }),
    getRun: async () => makeRun({ status: "running", finishedAt: null }),
  });
  const answer = fetch(`${url}/api/pipelines/x/trigger?wait=10m`, { method: "POST", ...api });
  await called.promise;
  expect(await timeOf(stop(10_000))).toBeLessThan(3000);
  const run = (await (await answer).json()) as { status: string };
  expect([(await answer).status, run.status]).toEqual([202, "running"]);
});

test("a followed log ends, also when its source does not", async () => {
  const { url, stop } = await listen({
    // oxlint-disable-next-line require-yield -- a log with nothing in it yet
    async *readLogs() {
      await new Promise(() => {});
    },
  });
  const answer = await fetch(`${url}/api/runs/${runId}/logs?follow=1&format=ndjson`, api);
  expect(await timeOf(stop(10_000))).toBeLessThan(3000);
  expect(await answer.text()).toBe("\n");
});

test("readyz is 503 from then on", async () => {
  const server = createServer({ engine: createFakeEngine(), token });
  const { stop } = await server.listen({ host: "127.0.0.1", port: 0 });
  await stop(0);
  expect((await server.handle(new Request("http://nas/readyz"))).status).toBe(503);
});

test("stopping twice is stopping once", async () => {
  const { stop } = await listen();
  await Promise.all([stop(1000), stop(1000)]);
  await stop(1000);
});

test("a port that is taken is an error that names it", async () => {
  const { port, stop } = await listen();
  const second = listen({}, { host: "127.0.0.1", port });
  expect(second).rejects.toThrow(
    expect.objectContaining({ code: "CONFIG_INVALID", message: expect.stringContaining(String(port)) }),
  );
  await second.catch((error: unknown) => expect(error).toBeInstanceOf(AppError));
  await stop(0);
});

test("the address for a client of a server on all interfaces is local", async () => {
  const { url, port, stop } = await listen({}, { host: "0.0.0.0", port: 0 });
  expect(url).toBe(`http://127.0.0.1:${port}`);
  expect((await fetch(`${url}/healthz`)).status).toBe(200);
  await stop(0);
});
