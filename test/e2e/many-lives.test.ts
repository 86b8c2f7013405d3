// One data folder through several lives of the server, each ended under load: by SIGKILL, and by SIGTERM.

import { Database } from "bun:sqlite";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import type { RunJson } from "../../src/core/run-json.ts";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { Workspace } from "../fixtures/harness/workspace.ts";

const ends = ["SIGKILL", "SIGTERM", "SIGKILL", "SIGKILL"] as const;
const senders = 5;

const workspace = new Workspace();
workspace.save(
  "two-steps.ts",
  `export const pipeline = async () => {
    const { body } = http.request();
    const env = { LINE: body, FILE: ${JSON.stringify(workspace.path("starts"))} };
    await runtime.run({ name: "one", command: 'echo "$LINE one" >> "$FILE"', env });
    await sleep("20ms");
    await runtime.run({ name: "two", command: 'echo "$LINE two" >> "$FILE"', env });
    return body;
  };`,
);
/** Every run that was promised → what it was asked to return. */
const promised = new Map<string, string>();
const finished: RunJson[] = [];
let server: BinaryServer;

async function sendUntilGone(life: number, sender: number): Promise<void> {
  for (let number = 0; ; number++) {
    const body = `${String(life)}-${String(sender)}-${String(number)}`;
    const response = await server.webhook("two-steps", { body }).catch(() => null);
    const answer = response?.status === 202 ? await response.json().catch(() => null) : null;
    // A server that stops answers with 503, one that is gone not at all.
    if (answer === null) return;
    promised.set((answer as { run_id: string }).run_id, body);
  }
}

beforeAll(async () => {
  for (const [life, end] of ends.entries()) {
    server = await BinaryServer.start({ workspace, args: ["--webhook-timeout=20ms"] });
    const sending = Promise.all(Array.from({ length: senders }, (_, sender) => sendUntilGone(life, sender)));
    await Bun.sleep(200 + Math.random() * 500);
    server.signal(end);
    await server.exited;
    await sending;
  }
  server = await BinaryServer.start({ workspace });
  for (const id of promised.keys()) finished.push(await server.waitForEnd(id, 60_000));
}, 120_000);
afterAll(async () => {
  await server.remove();
});

test("every run that was promised is there and has done its work, whatever lives it took", () => {
  expect(finished.length).toBeGreaterThan(senders * ends.length);
  const failed = finished.filter(({ status }) => status !== "succeeded");
  expect(failed.map(({ status, error }) => `${status} ${error?.message ?? ""}`)).toEqual([]);
  for (const { id, result } of finished) expect(result as unknown).toBe(promised.get(id));
});

test("each step was started once in all those lives", () => {
  const lines = workspace.lines("starts");
  expect(lines.length).toBeGreaterThanOrEqual(2 * finished.length);
  expect(new Set(lines).size).toBe(lines.length);
});

test("the database is sound", async () => {
  await server.stop();
  const db = new Database(join(workspace.dataDir, "runner.db"), { readonly: true });
  expect(db.query("PRAGMA integrity_check").values()).toEqual([["ok"]]);
  expect(db.query("PRAGMA foreign_key_check").values()).toEqual([]);
  db.close();
});
