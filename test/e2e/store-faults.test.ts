// A database that cannot be written, is held by someone else, is taken away or damaged while the server runs: clear
// errors, nothing lost, and the server goes on by itself when the cause has gone.

import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import { copyFileSync, openSync, closeSync, readFileSync, renameSync, writeSync } from "node:fs";
import { join } from "node:path";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { eventually } from "../fixtures/harness/eventually.ts";
import { Workspace } from "../fixtures/harness/workspace.ts";
import { FaultyDisk } from "../fixtures/faulty-disk/faulty-disk.ts";
import { preloadUnavailable } from "../fixtures/preload-library.ts";

const reason = preloadUnavailable === null ? "" : ` (skipped: ${preloadUnavailable})`;

const pipelines = {
  "keep.ts": "export const pipeline = () => http.request().headers['x-mark'];",
  "slow.ts": `export const pipeline = async () => {
    for (let i = 0; i < 30; i++) { await sleep("50ms"); await storage.set("i", i); }
    return "done";
  };`,
  "loud.ts": `export const pipeline = async () => {
    await runtime.run({ name: "loud", command: "head -c 4000000 /dev/zero | tr '\\\\0' x" });
  };`,
};

interface Trouble {
  readonly begin: () => void;
  readonly end: () => void;
  /** Of the answers meanwhile. */
  readonly says: string;
}

let server: BinaryServer | undefined;
afterEach(async () => {
  await server?.remove();
  server = undefined;
});

async function start(workspace: Workspace, disk?: FaultyDisk): Promise<BinaryServer> {
  const args = ["--webhook-timeout=10ms"];
  server = await BinaryServer.start({ workspace, args, ...(disk === undefined ? {} : { env: disk.environment }) });
  return server;
}

async function send(running: BinaryServer, mark: string): Promise<{ status: number; body: string }> {
  const response = await running.webhook("keep", { headers: { "x-mark": mark } });
  return { status: response.status, body: await response.text() };
}

/** The server before, in and after the trouble, and after its next start. */
async function live(workspace: Workspace, running: BinaryServer, trouble: Trouble): Promise<void> {
  expect((await send(running, "before")).status).toBe(202);
  const slow = await running.trigger("slow");
  await running.waitForRun(slow, ({ status }) => status === "running");
  trouble.begin();
  const refused = await eventually("refusal", async () => {
    const answer = await send(running, "within");
    return answer.status === 503 && answer.body;
  });
  // Anybody can send a webhook, and is told no more than that.
  expect(JSON.parse(refused)).toMatchObject({ code: "STORE_UNAVAILABLE" });
  expect(refused).not.toContain(workspace.dataDir);
  expect((await fetch(`${running.url}/readyz`)).status).toBe(503);
  const trigger = await running.request("POST", "/api/pipelines/keep/trigger", { params: {} });
  expect(trigger.status).toBe(503);
  const { code, detail, hint } = (await trigger.json()) as { code: string; detail: string; hint: string };
  expect([code, detail]).toEqual(["STORE_UNAVAILABLE", expect.stringContaining(trouble.says)]);
  expect(hint.length).toBeGreaterThan(10);
  await Bun.sleep(700);
  trouble.end();
  await eventually("readiness", async () => (await fetch(`${running.url}/readyz`)).status === 200, 20_000);
  expect((await send(running, "after")).status).toBe(202);
  expect(await running.waitForEnd(slow)).toMatchObject({ status: "succeeded", result: "done" });
  expect(await running.stop()).toBe(0);
  const again = await start(workspace);
  const kept = await eventually("end of all runs", async () => {
    const runs = await again.listRuns("pipeline=keep");
    return runs.every(({ status }) => status === "succeeded") && runs.map(({ result }) => result);
  });
  expect(kept).toEqual(expect.arrayContaining(["before", "after"]));
  expect(kept.filter((mark) => mark !== "within").length).toBe(2);
}

describe("writes that fail", () => {
  for (const [code, says] of [
    ["EIO", "the disk reported an error"],
    ["EROFS", "the disk reported an error"],
    ["ENOSPC", "the disk is full"],
    ["EDQUOT", "the disk reported an error"],
  ] as const) {
    test.skipIf(preloadUnavailable !== null)(
      `with ${code} are waited for${reason}`,
      async () => {
        const workspace = new Workspace(pipelines);
        const disk = new FaultyDisk(workspace.dataDir, workspace.path("errno"));
        const running = await start(workspace, disk);
        await live(workspace, running, { begin: () => disk.fail(code), end: () => disk.recover(), says });
      },
      60_000,
    );
  }
});

test("a transaction of another program is waited for, and its end noticed", async () => {
  const workspace = new Workspace(pipelines);
  const running = await start(workspace);
  const foreign = new Database(join(workspace.dataDir, "runner.db"));
  await live(workspace, running, {
    begin: () => foreign.run("BEGIN EXCLUSIVE"),
    end: () => foreign.run("ROLLBACK"),
    says: "another program holds the database",
  });
  foreign.close();
}, 90_000);

describe("a database file", () => {
  test("that is moved away is missed at once, and taken up again when it is back", async () => {
    const workspace = new Workspace(pipelines);
    const running = await start(workspace);
    const file = join(workspace.dataDir, "runner.db");
    await live(workspace, running, {
      begin: () => renameSync(file, `${file}.away`),
      end: () => renameSync(`${file}.away`, file),
      says: "was deleted or moved away",
    });
  }, 60_000);

  test("that is replaced by a copy is not written to", async () => {
    const workspace = new Workspace(pipelines);
    const running = await start(workspace);
    const file = join(workspace.dataDir, "runner.db");
    let copied = Buffer.alloc(0);
    await live(workspace, running, {
      begin: () => {
        renameSync(file, `${file}.away`);
        copyFileSync(`${file}.away`, file);
        copied = readFileSync(file);
      },
      end: () => {
        expect(readFileSync(file)).toEqual(copied);
        renameSync(`${file}.away`, file);
      },
      says: "was replaced by another file",
    });
  }, 60_000);

  test("whose write-ahead log is deleted takes nothing more", async () => {
    const workspace = new Workspace(pipelines);
    const running = await start(workspace);
    const file = join(workspace.dataDir, "runner.db-wal");
    await live(workspace, running, {
      begin: () => renameSync(file, `${file}.away`),
      end: () => renameSync(`${file}.away`, file),
      says: "runner.db-wal was deleted",
    });
  }, 60_000);

  test("that is damaged gives 503 where it is read, the rest goes on, and all is well when it is mended", async () => {
    const workspace = new Workspace(pipelines);
    const first = await start(workspace);
    const { id } = await first.run("loud");
    expect(await first.stop()).toBe(0);
    const file = join(workspace.dataDir, "runner.db");
    const sound = readFileSync(file);
    const running = await start(workspace);
    // The pages of the log are those that are not in memory yet.
    const damaged = Buffer.from(sound);
    for (let offset = 400 * 1024; offset + 4096 <= damaged.length; offset += 4096)
      damaged.fill(0xff, offset, offset + 64);
    overwrite(file, damaged);
    // Where the answer has begun it is cut off, so that nobody takes a part for the whole.
    const answer = await running.request("GET", `/api/runs/${id}/logs`).then(
      async (response) => ({ status: response.status, text: await response.text().catch(() => "cut off") }),
      () => ({ status: 0, text: "cut off" }),
    );
    expect(answer.status === 503 || answer.text === "cut off").toBe(true);
    expect(running.output.stderr).toContain("the file is damaged");
    expect((await fetch(`${running.url}/healthz`)).status).toBe(200);
    overwrite(file, sound);
    expect((await running.logText(id)).length).toBeGreaterThan(1_000_000);
    expect(running.isAlive).toBe(true);
  }, 60_000);
});

/** In place, as a failing disk does. */
function overwrite(file: string, content: Uint8Array): void {
  const fd = openSync(file, "r+");
  writeSync(fd, content, 0, content.length, 0);
  closeSync(fd);
}
