// GET /api/events: what is asked of the engine, in which form it is answered, and how a stream goes on.

import { afterEach, describe, expect, test } from "bun:test";
import type { Engine } from "../../../src/engine/engine.ts";
import { createServer, type HttpLimits, type Listening } from "../../../src/server/server.ts";
import { createFakeEngine, eventId, makeEvent, runId, token } from "./fake-engine.ts";
import { parseEvents } from "./parse-events.ts";
import { openRaw } from "./raw-connection.ts";
import { readJson } from "./read-json.ts";

const opened: Listening[] = [];
afterEach(async () => {
  for (const listening of opened.splice(0)) await listening.stop(0);
});

function serve(events: Partial<Engine["events"]> = {}, limits: Partial<HttpLimits> = {}) {
  const fake = createFakeEngine();
  const engine = { ...fake, events: { ...fake.events, ...events } };
  const server = createServer({ engine, token, limits, eventMetadata: () => ({ environment: "test" }) });
  const ask = async (path: string, headers: Record<string, string> = {}) =>
    await server.handle(
      new Request(`http://nas${path}`, { headers: { authorization: `Bearer ${token}`, ...headers } }),
    );
  const listen = async () => {
    const listening = await server.listen({ host: "127.0.0.1", port: 0 });
    opened.push(listening);
    return listening;
  };
  return { ask, listen, asked: fake.asked.events };
}

const envelope = {
  id: eventId,
  type: "run.created",
  created_at: "2023-11-14T22:13:20.000Z",
  data: { run_id: runId },
  metadata: { environment: "test", pipeline: "deploy", run_id: runId, sequence: 1 },
};

describe("the list", () => {
  test.each([
    ["", { limit: 50 }],
    ["?type=*", { limit: 50 }],
    ["?type=run.failed&limit=3", { limit: 3, type: "run.failed" }],
    ["?type=run.step.*", { limit: 50, type: "run.step." }],
    ["?type=run", { limit: 50, type: "run" }],
    [`?pipeline=home/backup&run=${runId}&cursor=x`, { limit: 50, pipeline: "home/backup", runId, cursor: "x" }],
  ])("%s is asked for as %p", async (query, expected) => {
    const { ask, asked } = serve();
    const answer = await ask(`/api/events${query}`);
    expect(await readJson(answer)).toEqual({ events: [envelope], next_cursor: "next" });
    expect(asked).toEqual([expected]);
  });

  test.each(["run*", "*.failed", "run.*.x", "run..x", " ", "a b", "a".repeat(200)])(
    "a type that is %p is refused, naming the parameter",
    async (type) => {
      const answer = await serve().ask(`/api/events?type=${encodeURIComponent(type)}`);
      expect([answer.status, await readJson(answer)]).toMatchObject([400, { details: { parameter: "type" } }]);
    },
  );

  test("one event is got by its id", async () => {
    const { ask } = serve();
    expect(await readJson(await ask(`/api/events/${eventId}`))).toEqual(envelope);
    expect(await readJson(await ask("/api/events/evt_other"))).toMatchObject({ code: "EVENT_NOT_FOUND" });
  });
});

describe("what is followed", () => {
  test.each([
    ["?follow=1", {}, "application/x-ndjson"],
    ["?format=ndjson", {}, "application/x-ndjson"],
    ["?format=json&follow=1", {}, "application/x-ndjson"],
    ["", { accept: "application/x-ndjson" }, "application/x-ndjson"],
    ["", { accept: "application/json, application/x-ndjson" }, "application/json"],
    ["", { accept: "text/event-stream" }, "text/event-stream"],
    ["?format=sse", { accept: "application/json" }, "text/event-stream"],
    ["?format=json", { accept: "text/event-stream" }, "application/json"],
  ])("with %s and %p is %s", async (query, headers, type) => {
    const answer = await serve().ask(`/api/events${query}`, headers as Record<string, string>);
    expect(answer.headers.get("content-type")).toBe(type);
    await answer.body?.cancel();
  });

  test("is a message without a name for each event, with its id", async () => {
    const { ask, asked } = serve();
    const text = await (await ask("/api/events?format=sse&type=run.*")).text();
    expect(parseEvents(text)).toEqual([{ id: eventId, name: "", data: envelope }]);
    expect(asked).toEqual([{ type: "run." }]);
  });

  test.each([
    ["?format=sse", { "last-event-id": eventId }, eventId],
    ["?format=sse&after=evt_1", { "last-event-id": eventId }, eventId],
    ["?format=sse&after=evt_1", {}, "evt_1"],
    ["?follow=1&after=evt_1", { "last-event-id": eventId }, "evt_1"],
  ])("goes on with %s and %p behind %s", async (query, headers, after) => {
    const { ask, asked } = serve();
    await (await ask(`/api/events${query}`, headers as Record<string, string>)).text();
    expect(asked).toEqual([{ after }]);
  });

  test("sends heartbeats while nothing happens, and its reader's leaving ends it", async () => {
    const left = Promise.withResolvers<void>();
    const follow: Engine["events"]["follow"] = async ({ signal }) =>
      (async function* () {
        yield makeEvent();
        await new Promise((resolve) => signal.addEventListener("abort", resolve));
        left.resolve();
      })();
    const { listen } = serve({ follow }, { heartbeatMs: 30 });
    const raw = await openRaw((await listen()).port);
    raw.send(`GET /api/events?format=sse HTTP/1.1\nHost: nas\nAuthorization: Bearer ${token}\n\n`);
    await raw.waitFor(/id: evt_[^]*(?:: still here[^]*){3}/);
    raw.socket.destroy();
    await left.promise;
  });
});
