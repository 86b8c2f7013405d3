// What a server tells of pipelines and of files that are sent to it, through uploads, checks, changes on disk and restarts.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningServer, startServer } from "../../../src/app.ts";
import { loadConfig } from "../../../src/config.ts";
import type { EventJson } from "../../../src/core/event-json.ts";
import { until } from "../../fixtures/harness/engine-harness.ts";

let folder: string;
let server: RunningServer;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "runner-events-"));
  await mkdir(join(folder, "pipelines"));
  await save("good", good);
  await save("bad", bad);
  await start();
});
afterEach(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

const good = "export const pipeline = () => 1;\n";
const bad = "export const pipeline = ;\n";

async function save(id: string, source: string): Promise<void> {
  await writeFile(join(folder, "pipelines", `${id}.ts`), source);
}

async function start(): Promise<void> {
  const { config } = await loadConfig({
    flags: { port: "0", sandboxProcesses: "1" },
    environment: {},
    configFile: undefined,
    cwd: folder,
    cores: 2,
  });
  server = await startServer({ ...config, logFormat: "json", logLevel: "error" });
}

async function send(method: string, path: string, body?: object): Promise<Response> {
  const headers = { authorization: `Bearer ${server.token}`, "content-type": "application/json" };
  return await fetch(server.url + path, { method, headers, ...(body ? { body: JSON.stringify(body) } : {}) });
}

/** In the order in which they happened, those of a pipeline. */
async function eventsOf(pipeline: string): Promise<readonly EventJson[]> {
  const answer = await send("GET", `/api/events?pipeline=${pipeline}`);
  return ((await answer.json()) as { events: EventJson[] }).events.toReversed();
}

async function typesOf(pipeline: string): Promise<readonly string[]> {
  return (await eventsOf(pipeline)).map(({ type }) => type);
}

test("what is loaded and what is broken is told once, and not again by a restart that finds all as it was", async () => {
  await until(async () => (await typesOf("bad")).length === 1);
  expect((await eventsOf("good"))[0]).toMatchObject({
    type: "pipeline.loaded",
    data: {
      pipeline: "good",
      file: "good.ts",
      bundle_hash: expect.stringMatching(/^[0-9a-f]{64}$/) as unknown as string,
    },
    metadata: { pipeline: "good" },
  });
  expect((await eventsOf("bad"))[0]).toMatchObject({
    type: "pipeline.broken",
    data: { pipeline: "bad", file: "bad.ts", in_force: false, problems: [{ file: "bad.ts", line: 1 }] },
  });
  await server.stop();
  await start();
  await send("PUT", "/api/pipelines/other", { source: good });
  expect([await typesOf("good"), await typesOf("bad")]).toEqual([["pipeline.loaded"], ["pipeline.broken"]]);
});

test("a version that comes while no server runs is told, and so is a file that breaks and is mended", async () => {
  await server.stop();
  await save("good", good.replace("1", "2"));
  await start();
  expect(await typesOf("good")).toEqual(["pipeline.loaded", "pipeline.loaded"]);
  await save("good", bad);
  await until(async () => (await typesOf("good")).length === 3);
  expect((await eventsOf("good"))[2]).toMatchObject({ type: "pipeline.broken", data: { in_force: true } });
  await save("good", good.replace("1", "2"));
  await until(async () => (await typesOf("good")).length === 4);
  expect((await typesOf("good"))[3]).toBe("pipeline.loaded");
});

test("an upload is validated, and loaded where it is another version", async () => {
  expect((await send("PUT", "/api/pipelines/new", { source: good })).status).toBe(201);
  expect(await typesOf("new")).toEqual(["validation.started", "validation.completed", "pipeline.loaded"]);
  expect((await send("PUT", "/api/pipelines/new", { source: good })).status).toBe(200);
  expect((await typesOf("new")).slice(3)).toEqual(["validation.started", "validation.completed"]);
  expect((await send("PUT", "/api/pipelines/new", { source: bad })).status).toBe(400);
  const events = (await eventsOf("new")).slice(5);
  expect(events.map(({ type }) => type)).toEqual(["validation.started", "validation.failed"]);
  expect(events[1]?.data).toMatchObject({
    pipeline: "new",
    file: "new.ts",
    purpose: "upload",
    message: expect.stringContaining("does not load") as unknown as string,
    problems: [{ severity: "error", file: "new.ts", line: 1 }],
  });
});

test("a check tells what is wrong, and changes nothing", async () => {
  const fine = await send("POST", "/api/pipelines/draft/check", { source: good });
  expect([fine.status, await fine.json()]).toEqual([200, { ok: true, problems: [] }]);
  const wrong = await send("POST", "/api/pipelines/draft/check", { source: bad });
  expect([wrong.status, await wrong.json()]).toMatchObject([
    200,
    { ok: false, problems: [{ file: "draft.ts", line: 1 }] },
  ]);
  const events = await eventsOf("draft");
  expect(events.map(({ type, data }) => [type, data["purpose"]])).toEqual([
    ["validation.started", "check"],
    ["validation.completed", "check"],
    ["validation.started", "check"],
    ["validation.failed", "check"],
  ]);
  expect((await send("GET", "/api/pipelines/draft")).status).toBe(404);
  expect((await send("POST", "/api/pipelines/..%2Fdraft/check", { source: good })).status).toBe(400);
});
