// Old runs go by themselves from a server of the compiled binary, with their files, also when it is killed meanwhile.

import { Database } from "bun:sqlite";
import { afterEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { fillFinishedRuns } from "../bench/finished-runs.ts";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { eventually } from "../fixtures/harness/eventually.ts";
import { runBinary } from "../fixtures/harness/run-binary.ts";
import { Workspace } from "../fixtures/harness/workspace.ts";

const pipelines = {
  "keep.ts": `export const pipeline = async () => {
    await artifacts.save("note.txt", "kept with the run");
    await runtime.run({ name: "say", command: "echo said" });
  };`,
  "waits.ts": "export const pipeline = async () => { await sleep('10m'); };",
};
/** The first look at what is old comes ten seconds after the start. */
const removalMs = 40_000;

let server: BinaryServer | undefined;
afterEach(async () => {
  await server?.remove();
  server = undefined;
});

async function start(workspace: Workspace, args: readonly string[]): Promise<BinaryServer> {
  server = await BinaryServer.start({ workspace, args });
  return server;
}

function artifactFolders(workspace: Workspace): readonly string[] {
  const folder = join(workspace.dataDir, "artifacts");
  return existsSync(folder) ? readdirSync(folder).filter((name) => /^[0-9a-f-]{36}$/.test(name)) : [];
}

test("beyond --retention-runs the oldest go with their files, the waiting stay, and a 404 says why", async () => {
  const workspace = new Workspace(pipelines);
  const running = await start(workspace, ["--retention-runs=3"]);
  const waiting = await running.trigger("waits");
  const ids: string[] = [];
  for (let count = 0; count < 8; count++) ids.push((await running.run("keep")).id);
  expect(artifactFolders(workspace).length).toBe(8);
  await eventually("removal", async () => (await running.listRuns("status=succeeded")).length === 3, removalMs);
  expect((await running.listRuns("status=succeeded")).map(({ id }) => id)).toEqual(ids.slice(-3).toReversed());
  expect((await running.getRun(waiting)).status).toBe("waiting");
  await eventually("removal of files", () => artifactFolders(workspace).length === 3);
  expect(artifactFolders(workspace).toSorted()).toEqual(ids.slice(-3).toSorted());

  const gone = await running.request("GET", `/api/runs/${ids[0] ?? ""}`);
  expect([gone.status, await gone.json()]).toEqual([
    404,
    expect.objectContaining({
      code: "RUN_NOT_FOUND",
      hint: expect.stringContaining("newest 3 (--retention") as string,
    }),
  ]);
  expect((await running.request("GET", `/api/runs/${ids[0] ?? ""}/logs`)).status).toBe(404);
  const shown = await runBinary(workspace, ["runs", ids[0] ?? ""]);
  expect([shown.code, shown.stderr]).toEqual([66, expect.stringContaining("--retention")]);
}, 90_000);

test("a server killed while it removes runs leaves whole ones, and goes on removing", async () => {
  const workspace = new Workspace(pipelines);
  const file = join(workspace.dataDir, "runner.db");
  mkdirSync(workspace.dataDir, { mode: 0o700 });
  fillFinishedRuns(file, 60_000);
  const filledBytes = statSync(file).size;
  // Events outlive their runs, up to a number of their own.
  const args = ["--retention-runs=100", "--retention-events=100"];
  const first = await start(workspace, args);
  const count = (): number => {
    const db = new Database(file, { readonly: true });
    try {
      return (db.query("SELECT count(*) AS runs FROM runs").get() as { runs: number }).runs;
    } finally {
      db.close();
    }
  };
  await eventually("begin of the removal", () => count() < 55_000, removalMs);
  await first.kill();
  expect(count()).toBeGreaterThan(100);

  const db = new Database(file);
  expect(db.query("PRAGMA integrity_check").values()).toEqual([["ok"]]);
  expect(db.query("PRAGMA foreign_key_check").values()).toEqual([]);
  const halves = db.query("SELECT count(*) FROM runs WHERE id NOT IN (SELECT run_id FROM steps)").values();
  expect(halves).toEqual([[0]]);
  const orphans = db.query("SELECT count(*) FROM inbound_requests WHERE run_id NOT IN (SELECT id FROM runs)").values();
  expect(orphans).toEqual([[0]]);
  db.close();

  const again = await start(workspace, args);
  await eventually("end of the removal", () => count() === 100, 60_000);
  await eventually("space", () => statSync(file).size < filledBytes / 5, 60_000);
  expect(await again.stop()).toBe(0);
}, 150_000);
