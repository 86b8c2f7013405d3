// `kill -9` of the server at any moment while runs execute: every event on record arrives at its endpoint, and no other.

import { Database } from "bun:sqlite";
import { afterAll, expect, test } from "bun:test";
import { join } from "node:path";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { eventually } from "../fixtures/harness/eventually.ts";
import { Workspace } from "../fixtures/harness/workspace.ts";

const lives = 12;
const longestLifeMs = 700;

const workspace = new Workspace({
  "chatty.ts": `export const pipeline = async () => {
    for (const number of [1, 2, 3]) await events.emit("test.number", { number });
    const { code } = await runtime.run({ name: "odd", command: "exit $(($RANDOM % 2))" });
    if (code !== 0) throw new Error("it was odd");
  };`,
});
/** Id of each event that came → its type. */
const received = new Map<string, string>();
let requests = 0;
let server: BinaryServer;

/** Refuses some, so that they come again. */
const receiver = Bun.serve({
  port: 0,
  hostname: "127.0.0.1",
  fetch: async (request) => {
    const event = (await request.json()) as { readonly id: string; readonly type: string };
    if (++requests % 10 === 0) return new Response("later", { status: 503 });
    received.set(event.id, event.type);
    return new Response("ok");
  },
});

afterAll(async () => {
  await receiver.stop(true);
  await server.remove();
});

interface StoredEvent {
  readonly id: string;
  readonly type: string;
  readonly run_id: string | null;
}

function readDatabase<T>(read: (db: Database) => T): T {
  const db = new Database(join(workspace.dataDir, "runner.db"), { readonly: true });
  try {
    return read(db);
  } finally {
    db.close();
  }
}

async function keepTriggering(): Promise<void> {
  while (server.isAlive) await server.trigger("chatty").catch(() => Bun.sleep(5));
}

test("every event of a committed change arrives at least once, and none of another one", async () => {
  server = await BinaryServer.start({ workspace });
  const url = `http://127.0.0.1:${String(receiver.port)}/`;
  const made = await server.request("POST", "/v1/webhooks", { url, events: ["*"], retry: Array(20).fill("1s") });
  expect(made.status).toBe(201);
  for (let life = 0; life < lives; life++) {
    if (life > 0) server = await BinaryServer.start({ workspace });
    const triggering = keepTriggering();
    await Bun.sleep(Math.random() * longestLifeMs);
    await server.kill();
    await triggering;
  }
  server = await BinaryServer.start({ workspace });
  await eventually(
    "end of every run",
    async () => {
      const unfinished = await Promise.all(
        ["queued", "running", "waiting"].map(async (status) => await server.listRuns(`status=${status}`)),
      );
      return unfinished.flat().length === 0;
    },
    60_000,
  );
  // What happened before the endpoint was made is not for it.
  const stored = (): readonly StoredEvent[] =>
    readDatabase((db) =>
      db
        .query<StoredEvent, []>(
          "SELECT id, type, run_id FROM events WHERE seq > (SELECT after_seq FROM destinations) ORDER BY seq",
        )
        .all(),
    );
  await eventually("every event", () => stored().every(({ id }) => received.has(id)), 60_000);
  const events = stored();
  expect(new Set(received.keys()).difference(new Set(events.map(({ id }) => id)))).toEqual(new Set());
  // What became of a run is on record in both places, or in none.
  const runs = await server.listRuns();
  const typesOf = (runId: string): readonly string[] =>
    events.filter((event) => event.run_id === runId).map(({ type }) => type);
  for (const { id, status } of runs) {
    const types = typesOf(id);
    expect(types.filter((type) => type === "run.created").length).toBe(1);
    expect(types.filter((type) => type === "test.number").length).toBe(3);
    const end = status === "succeeded" ? "run.completed" : "run.failed";
    expect(types.filter((type) => ["run.completed", "run.failed"].includes(type))).toEqual([end]);
  }
  expect(new Set(events.flatMap(({ run_id: id }) => id ?? []))).toEqual(new Set(runs.map(({ id }) => id)));
  expect(runs.length).toBeGreaterThan(lives);
  expect(requests).toBeGreaterThan(received.size);
}, 180_000);
