// What the idle timeout cuts and what it must not. Each takes seconds, because its timer has steps of four, so they
// run together.

import { expect, test } from "bun:test";
import type { Engine } from "../../../src/engine/engine.ts";
import { createServer } from "../../../src/server/server.ts";
import { createFakeEngine, makeEntry, runId, token } from "./fake-engine.ts";
import { openRaw } from "./raw-connection.ts";

async function listen(engine: Partial<Engine> = {}) {
  const server = createServer({ engine: createFakeEngine(engine), token, limits: { idleTimeoutMs: 1000 } });
  return await server.listen({ host: "127.0.0.1", port: 0 });
}

const limitMs = 40_000;
const longMs = 9000;

test.concurrent(
  "a connection that is slow with its headers is closed, however often it sends a byte",
  async () => {
    const { port, stop } = await listen();
    const raw = await openRaw(port);
    raw.send("GET /healthz HTTP/1.1\nHo");
    for (let i = 0; i < 120 && !raw.isClosed(); i++) {
      raw.socket.write("s");
      await Bun.sleep(250);
    }
    expect(raw.isClosed()).toBe(true);
    await stop(0);
  },
  limitMs,
);

test.concurrent(
  "a webhook may take longer, but its connection is not idle for ever after",
  async () => {
    const { port, stop } = await listen({
      async receiveWebhook() {
        await Bun.sleep(longMs);
        return { type: "accepted", runId };
      },
    });
    const raw = await openRaw(port);
    raw.send("POST /api/webhooks/deploy HTTP/1.1\nHost: nas\nContent-Length: 0\n\n");
    expect(await raw.waitFor(/\r\n\r\n/, 20_000)).toStartWith("HTTP/1.1 202");
    await raw.waitForClose(20_000);
    await stop(0);
  },
  limitMs,
);

test.concurrent(
  "?wait= may take longer",
  async () => {
    const { url, stop } = await listen({
      async waitAsCaller() {
        await Bun.sleep(longMs);
        throw new Error("over");
      },
    });
    const headers = { authorization: `Bearer ${token}` };
    const answer = await fetch(`${url}/api/pipelines/x/trigger?wait=1m`, { method: "POST", headers });
    expect(answer.status).toBe(500);
    await stop(0);
  },
  limitMs,
);

test.concurrent(
  "a followed text log may be silent for longer, but its connection is not idle for ever after",
  async () => {
    const { port, stop } = await listen({
      async *readLogs() {
        await Bun.sleep(longMs);
        yield makeEntry(1, { text: "still here" });
      },
    });
    const raw = await openRaw(port);
    raw.send(`GET /api/runs/${runId}/logs?follow=1 HTTP/1.1\nHost: nas\nAuthorization: Bearer ${token}\n\n`);
    await raw.waitFor(/still here/, 20_000);
    await raw.waitForClose(20_000);
    await stop(0);
  },
  limitMs,
);
