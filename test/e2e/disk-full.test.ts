// A data folder on a disk of 16 MiB that is filled and freed: nothing acknowledged is lost, nothing refused is kept,
// and the server goes on by itself.

import { afterEach, expect, test } from "bun:test";
import { Database } from "bun:sqlite";
import { appendFileSync, mkdirSync, readFileSync, rmSync, statfsSync, statSync } from "node:fs";
import { join } from "node:path";
import type { RunJson } from "../../src/core/run-json.ts";
import { openHttpConnection } from "../bench/http-connection.ts";
import { measureMemory } from "../bench/process-tree.ts";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { eventually } from "../fixtures/harness/eventually.ts";
import { runBinary } from "../fixtures/harness/run-binary.ts";
import { Workspace } from "../fixtures/harness/workspace.ts";
import { mountSmallDisk, smallDiskUnavailable } from "../unit/store/small-disk.ts";

// In CI a skip would be a failure, so there the tests run and say by failing what they lack.
const cannotMount = smallDiskUnavailable !== null && !process.env["CI"];
const reason = smallDiskUnavailable === null ? "" : ` (${smallDiskUnavailable})`;
const testFull = test.skipIf(cannotMount);

const pipelines = {
  "keep.ts": "export const pipeline = () => http.request().headers['x-mark'];",
  "step.ts": `export const pipeline = async () => {
    const { stdout } = await runtime.run({ name: "say", command: "sleep 0.02; echo said" });
    return http.request().headers["x-mark"] + " " + stdout;
  };`,
  "steps.ts": `export const pipeline = async () => {
    const first = await runtime.run({ name: "first", command: "sleep 1; exit 3" });
    // More than what the first one's folder leaves behind.
    const second = await runtime.run({ name: "second", command: "wc -c", stdin: "x".repeat(500_000) });
    return [first.code, second.code, second.stdout];
  };`,
  "slow.ts": `export const pipeline = async () => {
    const values = [];
    for (let i = 0; i < 40; i++) { await sleep("50ms"); await storage.set("i", i); values.push(i); }
    return values.length;
  };`,
};

let workspace: Workspace;
let server: BinaryServer | undefined;
let unmount: () => void = () => {};

async function start(args: readonly string[], databaseElsewhere = false): Promise<BinaryServer> {
  workspace = new Workspace(pipelines);
  mkdirSync(workspace.dataDir);
  unmount = mountSmallDisk(workspace.dataDir, 16);
  const storage = databaseElsewhere ? [`--storage=sqlite://${workspace.path("runner.db")}`] : [];
  server = await BinaryServer.start({ workspace, args: [...args, ...storage] });
  return server;
}

afterEach(async () => {
  await server?.kill();
  unmount();
  await server?.workspace.remove();
  server = undefined;
});

const ballast = (): string => join(workspace.dataDir, "ballast");

/** Leaves so many bytes. */
function fillDisk(leave = 0): void {
  const { bsize, bfree } = statfsSync(workspace.dataDir);
  try {
    appendFileSync(ballast(), new Uint8Array(Math.max(0, bsize * bfree - leave)));
  } catch {
    // The last page may have been taken by the server in the meantime.
  }
}

function freeDisk(): void {
  rmSync(ballast(), { force: true });
}

/** What was sent, by what it was answered with. */
class Senders {
  readonly answers = new Map<number, string[]>();
  readonly #pipelines: readonly string[];
  #sending = true;
  #sent = 0;
  readonly #work: Promise<void>[];

  constructor(pipelines: readonly string[], count: number, bodyBytes: number) {
    this.#pipelines = pipelines;
    this.#work = Array.from({ length: count }, async () => {
      while (this.#sending) await this.#send(bodyBytes);
    });
  }

  count(status: number): number {
    return this.answers.get(status)?.length ?? 0;
  }

  async stop(): Promise<void> {
    this.#sending = false;
    await Promise.all(this.#work);
  }

  async #send(bodyBytes: number): Promise<void> {
    const mark = `m${String(++this.#sent)}`;
    const pipeline = this.#pipelines[this.#sent % this.#pipelines.length] ?? "";
    const response = await server?.webhook(pipeline, {
      headers: { "x-mark": mark },
      body: "x".repeat(bodyBytes),
    });
    const status = response?.status ?? 0;
    await response?.text();
    const marks = this.answers.get(status) ?? [];
    this.answers.set(status, marks);
    marks.push(mark);
  }
}

function marksOf(runs: readonly RunJson[]): string[] {
  return runs.map(({ result }) => (typeof result === "string" ? (result.split(" ")[0] ?? "") : ""));
}

async function allEnded(running: BinaryServer): Promise<readonly RunJson[]> {
  return await eventually(
    "end of all runs",
    async () => {
      const runs = await running.listRuns();
      return runs.every(({ finished_at: finishedAt }) => finishedAt !== null) && runs;
    },
    60_000,
  );
}

testFull(
  `every 202 is there with its run, every 503 is not, and webhooks are taken again once there is room${reason}`,
  async () => {
    const running = await start(["--min-free-space=0", "--webhook-timeout=10ms"]);
    const senders = new Senders(["keep", "step"], 6, 8000);
    for (let round = 0; round < 3; round++) {
      const before = senders.count(503);
      fillDisk();
      await eventually("refusal", () => senders.count(503) > before + 20, 20_000);
      // Ended steps give a little room back.
      await eventually("unreadiness", async () => {
        fillDisk();
        return (await fetch(`${running.url}/readyz`)).status === 503;
      });
      expect((await fetch(`${running.url}/healthz`)).status).toBe(200);
      const accepted = senders.count(202);
      freeDisk();
      await eventually("acceptance", () => senders.count(202) > accepted + 20, 20_000);
      expect((await fetch(`${running.url}/readyz`)).status).toBe(200);
    }
    await senders.stop();
    const runs = await allEnded(running);
    const [accepted, refused] = [senders.answers.get(202) ?? [], senders.answers.get(503) ?? []];
    expect([...senders.answers.keys()].toSorted((a, b) => a - b)).toEqual([202, 503]);
    const marks = new Set(marksOf(runs));
    expect(accepted.filter((mark) => !marks.has(mark))).toEqual([]);
    expect(refused.filter((mark) => marks.has(mark))).toEqual([]);
    expect(runs.length).toBe(accepted.length);
    expect(runs.filter(({ status }) => status !== "succeeded")).toEqual([]);
    expect(running.isAlive).toBe(true);
    // A flood of refusals is told in a few lines.
    expect(running.output.stderr.split("the disk is full").length).toBeLessThan(20);
  },
  120_000,
);

testFull(
  `a run that is executing waits while the disk is full, and goes on${reason}`,
  async () => {
    const running = await start(["--min-free-space=0"]);
    const ids = [await running.trigger("slow"), await running.trigger("slow")];
    for (const id of ids) await running.waitForRun(id, ({ status }) => status === "running");
    fillDisk();
    await eventually("trouble", async () => {
      fillDisk();
      return (await fetch(`${running.url}/readyz`)).status === 503;
    });
    await Bun.sleep(3000);
    expect((await running.getRun(ids[0] ?? "")).status).toBe("running");
    freeDisk();
    for (const id of ids) expect(await running.waitForEnd(id)).toMatchObject({ status: "succeeded", result: 40 });
  },
  60_000,
);

testFull(
  `a step that ends while its disk is full has its exit status, and one that begins then waits for room${reason}`,
  async () => {
    // The database is elsewhere, so that only the steps' own files meet the full disk.
    const running = await start(["--min-free-space=0"], true);
    const id = await running.trigger("steps");
    await running.waitForRun(id, ({ steps }) => steps[0]?.status === "running");
    fillDisk();
    await running.waitForRun(id, ({ steps }) => steps[1]?.status === "running");
    await Bun.sleep(1000);
    fillDisk();
    expect((await running.getRun(id)).status).toBe("running");
    freeDisk();
    expect(await running.waitForEnd(id)).toMatchObject({ status: "succeeded", result: [3, 0, "500000\n"] });
  },
  60_000,
);

testFull(
  `a server killed on a full disk has every 202 after its next start, and says why it does not start before${reason}`,
  async () => {
    const running = await start(["--min-free-space=0", "--webhook-timeout=10ms"]);
    const senders = new Senders(["keep", "step"], 6, 8000);
    await eventually("acceptance", () => senders.count(202) > 30, 20_000);
    fillDisk();
    await eventually("refusal", () => senders.count(503) > 100, 20_000);
    const stopped = senders.stop().catch(() => undefined);
    await running.kill();
    await stopped;
    fillDisk();
    const { code, stderr } = await runBinary(workspace, ["serve", "--port=0", `--data-dir=${workspace.dataDir}`]);
    expect([code, stderr.includes("the disk is full") || stderr.includes("no space left")]).toEqual([75, true]);
    freeDisk();
    const again = (server = await BinaryServer.start({ workspace, args: ["--min-free-space=0"] }));
    const marks = new Set(await acceptedMarks(again));
    expect((senders.answers.get(202) ?? []).filter((mark) => !marks.has(mark))).toEqual([]);
    expect((senders.answers.get(503) ?? []).filter((mark) => marks.has(mark))).toEqual([]);
  },
  60_000,
);

/** Of all runs, also of those that a kill has interrupted: those have no result. */
async function acceptedMarks(running: BinaryServer): Promise<readonly string[]> {
  await allEnded(running);
  const db = new Database(join(workspace.dataDir, "runner.db"), { readonly: true });
  try {
    const rows = db
      .query<{ headers: string }, []>("SELECT headers FROM inbound_requests WHERE run_id IS NOT NULL")
      .all();
    return rows.map(({ headers }) => (JSON.parse(headers) as Record<string, string>)["x-mark"] ?? "");
  } finally {
    db.close();
  }
}

testFull(
  `ten thousand webhooks at a full disk are refused at once, and cost neither memory nor log${reason}`,
  async () => {
    const running = await start(["--min-free-space=0"]);
    await running.run("slow");
    await eventually("trouble", async () => {
      fillDisk();
      await (await running.webhook("keep", { body: "x".repeat(8000) })).text();
      return (await fetch(`${running.url}/readyz`)).status === 503;
    });
    const statuses = new Map<number, number>();
    const work = async (): Promise<void> => {
      const connection = await openHttpConnection(Number(new URL(running.url).port));
      const body = "x".repeat(8000);
      while (left-- > 0) {
        const status = await connection.send(
          `POST /api/webhooks/keep HTTP/1.1\r\nHost: e2e\r\nContent-Length: ${String(body.length)}\r\n\r\n${body}`,
        );
        statuses.set(status, (statuses.get(status) ?? 0) + 1);
      }
      connection.close();
    };
    let left = 5000;
    await Promise.all(Array.from({ length: 32 }, work));
    // What grows until then is garbage in waiting.
    const before = measureMemory(running.pid).pssMib;
    left = 10_000;
    await Promise.all(Array.from({ length: 32 }, work));
    // A refill is not atomic: a few may have met a free page.
    expect(statuses.get(503) ?? 0).toBeGreaterThan(14_850);
    // Of 80 MB that were sent.
    expect(measureMemory(running.pid).pssMib - before).toBeLessThan(50);
    expect(running.output.stderr.split("\n").length).toBeLessThan(60);
    freeDisk();
    await eventually("readiness", async () => (await fetch(`${running.url}/readyz`)).status === 200);
    expect((await running.listRuns("pipeline=keep")).length).toBe(statuses.get(202) ?? statuses.get(200) ?? 0);
  },
  60_000,
);

testFull(
  `below --min-free-space nothing new is taken, what runs goes on, and the log says it once${reason}`,
  async () => {
    const running = await start(["--min-free-space=8MiB"]);
    const id = await running.trigger("slow");
    fillDisk(6 * 1024 * 1024);
    await eventually("refusal", async () => (await fetch(`${running.url}/readyz`)).status === 503);
    const webhook = await running.webhook("keep");
    expect([webhook.status, await webhook.json()]).toEqual([503, expect.objectContaining({ code: "DISK_LOW" })]);
    const trigger = await running.request("POST", "/api/pipelines/keep/trigger", { params: {} });
    const hint = expect.stringContaining("--min-free-space") as string;
    expect([trigger.status, await trigger.json()]).toEqual([503, expect.objectContaining({ code: "DISK_LOW", hint })]);
    expect((await running.waitForEnd(id)).status).toBe("succeeded");
    // Just enough is not enough yet.
    rmSync(ballast());
    fillDisk(8.4 * 1024 * 1024);
    await Bun.sleep(1500);
    expect((await fetch(`${running.url}/readyz`)).status).toBe(503);
    freeDisk();
    await eventually("readiness", async () => (await fetch(`${running.url}/readyz`)).status === 200);
    expect(running.output.stderr.split("no new runs are taken").length - 1).toBeLessThanOrEqual(2);
    expect(running.output.stderr.split("there is room for new runs again").length).toBe(2);
  },
  60_000,
);

testFull(
  `a server whose own log is on the full disk goes on${reason}`,
  async () => {
    workspace = new Workspace(pipelines);
    mkdirSync(workspace.dataDir);
    unmount = mountSmallDisk(workspace.dataDir, 16);
    const disk = workspace.path("log");
    mkdirSync(disk);
    const unmountLog = mountSmallDisk(disk, 1);
    try {
      server = await BinaryServer.start({
        workspace,
        args: ["--min-free-space=0", "--log-level=debug"],
        stderr: join(disk, "server.log"),
      });
      await eventually("full disk", () => {
        const { bsize, bfree } = statfsSync(disk);
        if (bfree > 0) appendFileSync(join(disk, "ballast"), new Uint8Array(bsize * bfree));
        return bfree === 0;
      });
      const before = statSync(join(disk, "server.log")).size;
      for (let index = 0; index < 100; index++)
        workspace.save(`bad-${String(index)}.ts`, "export const nothing = 1 +;\n");
      // Up to the end of its last page there is room.
      await eventually("full log", () => statSync(join(disk, "server.log")).size % 4096 === 0);
      await Bun.sleep(500);
      expect(statSync(join(disk, "server.log")).size - before).toBeLessThanOrEqual(4096);
      expect((await server.run("slow")).status).toBe("succeeded");
      rmSync(join(disk, "ballast"));
      workspace.save("bad-again.ts", "export const nothing = 1 +;\n");
      await eventually("line", () => readFileSync(join(disk, "server.log"), "utf8").includes("pipeline=bad-again"));
    } finally {
      unmountLog();
    }
  },
  60_000,
);
