// Runs as events: followed, resumed, and streamed to whoever started them.

import { afterEach, describe, expect, test } from "bun:test";
import { AppError } from "../../../src/core/app-error.ts";
import type { LogEntry } from "../../../src/core/log-entry.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { createServer, type HttpLimits, type Listening } from "../../../src/server/server.ts";
import { createFakeEngine, makeEntry, makeRun, runId, token } from "./fake-engine.ts";
import { openRaw } from "./raw-connection.ts";
import { parseEvents } from "./parse-events.ts";

const logs = `/api/runs/${runId}/logs`;
const opened: Listening[] = [];
afterEach(async () => {
  for (const listening of opened.splice(0)) await listening.stop(0);
});

function serve(engine: Partial<Engine> = {}, limits: Partial<HttpLimits> = {}) {
  const server = createServer({ engine: createFakeEngine(engine), token, limits });
  const ask = (path: string, headers: Record<string, string> = {}, init: RequestInit = {}) =>
    server.handle(
      new Request(`http://nas${path}`, { ...init, headers: { authorization: `Bearer ${token}`, ...headers } }),
    );
  const listen = async () => {
    const listening = await server.listen({ host: "127.0.0.1", port: 0 });
    opened.push(listening);
    return listening;
  };
  return { ask, listen };
}

const events = { accept: "text/event-stream" };

/** An engine whose run has these entries. */
function withEntries(entries: readonly LogEntry[]): Partial<Engine> {
  return {
    async *readLogs(_, { afterSeq }) {
      for (const entry of entries) if (entry.seq > afterSeq) yield entry;
    },
  };
}

describe("a log as events", () => {
  test("has an event for each entry with its number, and one for the end with the run", async () => {
    for (const [path, headers] of [
      [logs, events],
      [`${logs}?format=sse`, { accept: "application/x-ndjson" }],
    ] as const) {
      const answer = await serve().ask(path, headers);
      expect(answer.headers.get("content-type")).toBe("text/event-stream");
      expect(answer.headers.get("x-accel-buffering")).toBe("no");
      const received = parseEvents(await answer.text());
      expect(received.map(({ id, name }) => [id, name])).toEqual([
        ["1", "log"],
        ["2", "log"],
        ["3", "log"],
        ["end", "end"],
      ]);
      expect(received[1]?.data).toMatchObject({ seq: 2, source: "stdout", step_name: "build", text: "out\n" });
      expect(received[3]?.data).toMatchObject({ id: runId, status: "succeeded" });
    }
  });

  test("carries any text whole", async () => {
    const texts = ["a\nb", "a\r\nb\rc", "\n\n", "data: x\n\nevent: end", "\u2028\u2029\u0000", "ü💥\uD800", ""];
    const entries = texts.map((text, index) => makeEntry(index + 1, { text }));
    const received = parseEvents(await (await serve(withEntries(entries)).ask(logs, events)).text());
    expect(received.slice(0, -1).map(({ data }) => data["text"] as string)).toEqual(texts);
  });

  test("is followed unless that is declined", async () => {
    const asked: unknown[] = [];
    const engine: Partial<Engine> = {
      async *readLogs(_, { follow }) {
        asked.push(follow);
        yield makeEntry(1);
      },
      waitForEnd: async () => makeRun({ status: "running", finishedAt: null }),
    };
    await (await serve(engine).ask(logs, events)).text();
    const snapshot = await (await serve(engine).ask(`${logs}?follow=0`, events)).text();
    expect(asked).toEqual([true, false]);
    expect(parseEvents(snapshot).map(({ name }) => name)).toEqual(["log"]);
  });

  test("goes on behind the last event received, wherever it broke, without loss or repetition", async () => {
    const entries = Array.from({ length: 40 }, (_, index) => makeEntry(index * 3 + 1));
    const { ask } = serve(withEntries(entries));
    const whole = parseEvents(await (await ask(logs, events)).text());
    for (let cut = 0; cut < whole.length - 1; cut++) {
      const id = whole[cut]?.id ?? "";
      const rest = parseEvents(await (await ask(`${logs}?after=1`, { ...events, "last-event-id": id })).text());
      expect([...whole.slice(0, cut + 1), ...rest]).toEqual(whole);
    }
  });

  test("is 204 for a client that has had the end, which stops its coming back", async () => {
    const answer = await serve().ask(logs, { ...events, "last-event-id": "end" });
    expect([answer.status, await answer.text()]).toEqual([204, ""]);
    expect((await serve().ask("/api/runs/other/logs", { ...events, "last-event-id": "end" })).status).toBe(404);
  });

  test.each(["x", "-1", "1.5", "99999999999999999999", "END"])("is 400 behind an event %s", async (id) => {
    expect((await serve().ask(logs, { ...events, "last-event-id": id })).status).toBe(400);
  });

  test("is text for who takes anything, and NDJSON does not know the header", async () => {
    expect((await serve().ask(logs, { accept: "*/*" })).headers.get("content-type")).toStartWith("text/plain");
    const ndjson = await serve().ask(`${logs}?format=ndjson`, { "last-event-id": "x" });
    expect(ndjson.status).toBe(200);
  });

  test("begins at once and says that it is alive while nothing happens", async () => {
    const silent: Partial<Engine> = {
      // oxlint-disable-next-line require-yield -- a log with nothing in it yet
      async *readLogs(_, { signal }) {
        await new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve()));
      },
    };
    const { port } = await serve(silent, { heartbeatMs: 30 }).listen();
    const raw = await openRaw(port);
    raw.send(`GET ${logs} HTTP/1.1\nHost: nas\nAccept: text/event-stream\nAuthorization: Bearer ${token}\n\n`);
    await raw.waitFor(/\r\n\r\n(?:[0-9a-f]+\r\n: [^\n]*\n\n\r\n){4}/);
    raw.socket.destroy();
  });

  test("has no end where the server stops before the run", async () => {
    const called = Promise.withResolvers<void>();
    const { listen } = serve({
      async *readLogs(_, { signal }) {
        yield makeEntry(1);
        called.resolve();
        await new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve()));
      },
    });
    const { url, stop } = await listen();
    const answer = await fetch(url + logs, { headers: { ...events, authorization: `Bearer ${token}` } });
    await called.promise;
    await stop(5000);
    expect(parseEvents(await answer.text()).map(({ name }) => name)).toEqual(["log"]);
  });
});

describe("a trigger that asks for events", () => {
  const path = "/api/pipelines/deploy/trigger";
  const post = { method: "POST", body: "{}" };

  test("gets the run's id, its log and its end", async () => {
    const answer = await serve().ask(path, events, post);
    expect([answer.status, answer.headers.get("location")]).toEqual([200, `/api/runs/${runId}`]);
    const received = parseEvents(await answer.text());
    expect(received.map(({ name }) => name)).toEqual(["run", "log", "log", "log", "end"]);
    expect(received[0]?.data).toEqual({ run_id: runId });
  });

  test("gets an ordinary problem where there is no run", async () => {
    const unknown = await serve().ask("/api/pipelines/missing/trigger", events, post);
    expect([unknown.status, unknown.headers.get("content-type")]).toEqual([404, "application/problem+json"]);
    expect((await serve().ask(path, events, { method: "POST", body: "{" })).status).toBe(400);
    const engine: Partial<Engine> = {
      trigger: async () => {
        throw new AppError("SHUTTING_DOWN", "the server is stopping");
      },
    };
    expect((await serve(engine).ask(path, events, post)).status).toBe(503);
  });

  test("may leave: its follower goes, the run is not cancelled", async () => {
    const released = Promise.withResolvers<void>();
    let cancelled = false;
    const { port } = await serve({
      async *readLogs(_, { signal }) {
        yield makeEntry(1);
        await new Promise<void>((resolve) => signal?.addEventListener("abort", () => resolve()));
        released.resolve();
      },
      cancel: async () => {
        cancelled = true;
        return makeRun();
      },
    }).listen();
    const raw = await openRaw(port);
    raw.send(`POST ${path} HTTP/1.1\nHost: nas\nAccept: text/event-stream\nAuthorization: Bearer ${token}\n\n`);
    await raw.waitFor(/event: log/);
    raw.socket.destroy();
    await released.promise;
    expect(cancelled).toBe(false);
  });
});

describe("a webhook that streams", () => {
  const streaming: Partial<Engine> = { receiveWebhook: async () => ({ type: "stream", runId }) };

  test("answers with the log as text that says how the run ended", async () => {
    const answer = await serve(streaming).ask("/api/webhooks/deploy?stream=1", {}, { method: "POST" });
    expect(answer.headers.get("x-run-id")).toBe(runId);
    expect(answer.headers.get("content-type")).toBe("text/plain; charset=utf-8");
    const lines = (await answer.text()).trimEnd().split("\n");
    expect([lines[0], lines.at(-1)]).toEqual([`[runner] run ${runId}`, "[runner] succeeded"]);
  });

  test("ends with its own line also where the output did not", async () => {
    const unfinished = [makeEntry(1, { source: "stdout", stepId: `${runId}.1`, stepName: "s", text: "no newline" })];
    const engine = {
      ...streaming,
      ...withEntries(unfinished),
      waitForEnd: async () => makeRun({ status: "timed_out" }),
    };
    const answer = await serve(engine).ask("/api/webhooks/deploy?stream=1");
    expect(await answer.text()).toBe(`[runner] run ${runId}\nno newline\n[runner] timed_out\n`);
  });

  test("answers with events where they are asked for", async () => {
    const answer = await serve(streaming).ask("/api/webhooks/deploy?stream=1", events);
    expect(parseEvents(await answer.text()).map(({ name }) => name)).toEqual(["run", "log", "log", "log", "end"]);
  });

  test("answers HEAD without a body", async () => {
    const answer = await serve(streaming).ask("/api/webhooks/deploy?stream=1", {}, { method: "HEAD" });
    expect([answer.status, answer.body, answer.headers.get("x-run-id")]).toEqual([200, null, runId]);
  });
});
