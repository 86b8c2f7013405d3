// Samples of events beside events: whoever tries a receiver with one sees the fields that it will be sent.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningServer, startServer } from "../../../src/app.ts";
import { loadConfig } from "../../../src/config.ts";
import type { EventJson } from "../../../src/core/event-json.ts";
import { sampleData } from "../../../src/webhooks/webhooks.ts";
import { eventually } from "../../fixtures/harness/eventually.ts";

const pipelines: Readonly<Record<string, string>> = {
  fine: 'export const pipeline = () => runtime.run({ name: "build", command: "true" });',
  // Fails for good, and not when it is run again.
  fails: `export const pipeline = async () => {
    const { code } = await runtime.run({ command: "test -e /tmp/NAME || { touch /tmp/NAME; exit 1; }" });
    assert.equal(code, 0);
  };`,
  retries: `export const pipeline = () => runtime.run({
    command: "test -e /tmp/NAME.2 || { touch /tmp/NAME.2; exit 1; }", retry: { attempts: 2, initial: "10ms" } });`,
  asks: 'export const pipeline = () => approval({ name: "go", message: "Go?" });',
  waits: 'export const pipeline = () => approval({ name: "go", timeout: "50ms" });',
};

let folder: string;
let server: RunningServer;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "runner-samples-"));
  await mkdir(join(folder, "pipelines"));
  for (const [id, source] of Object.entries(pipelines)) {
    await writeFile(join(folder, "pipelines", `${id}.ts`), source.replaceAll("/tmp/NAME", join(folder, "mark")));
  }
  const flags = { port: "0", sandboxProcesses: "1" };
  const { config } = await loadConfig({ flags, environment: {}, configFile: undefined, cwd: folder, cores: 2 });
  server = await startServer({ ...config, logLevel: "error" });
});

afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function ask(method: string, path: string, body?: string): Promise<Record<string, unknown>> {
  const headers = { authorization: `Bearer ${server.token}`, "content-type": "application/json" };
  const answer = await fetch(server.url + path, { method, headers, ...(body === undefined ? {} : { body }) });
  return (await answer.json()) as Record<string, unknown>;
}

async function run(pipeline: string): Promise<string> {
  return String((await ask("POST", `/api/pipelines/${pipeline}/trigger?wait=20s`, "{}"))["id"]);
}

async function decide(approved: boolean): Promise<void> {
  const { run_id: id } = await ask("POST", "/api/pipelines/asks/trigger", "{}");
  const path = `/api/runs/${String(id)}`;
  await eventually("run that waits", async () => (await ask("GET", path))["status"] === "waiting");
  await ask("POST", `${path}/approvals/go`, JSON.stringify({ approved }));
  await eventually("end of the run", async () => (await ask("GET", path))["finished_at"] !== null);
}

test("samples have the fields of the events that a server makes", async () => {
  for (const pipeline of ["fine", "retries", "waits"]) await run(pipeline);
  await ask("POST", `/api/runs/${await run("fails")}/rerun?wait=20s`, "{}");
  for (const approved of [true, false]) await decide(approved);
  await ask("PUT", "/api/pipelines/sent", JSON.stringify({ source: "export const pipeline = () => 1;" }));
  await ask("PUT", "/api/pipelines/sent", JSON.stringify({ source: "export const pipeline = ;" }));
  const { events } = (await ask("GET", "/api/events?limit=500")) as { events: readonly EventJson[] };
  const types = [...new Set(events.map(({ type }) => type))];
  expect(types.toSorted()).toEqual([
    "approval.denied",
    "approval.granted",
    "approval.required",
    "approval.timeout",
    "error.escalated",
    "error.occurred",
    "error.recovered",
    "error.resolved",
    "pipeline.loaded",
    "run.completed",
    "run.created",
    "run.failed",
    "run.paused",
    "run.resumed",
    "run.started",
    "run.step.completed",
    "run.step.failed",
    "run.step.started",
    "validation.completed",
    "validation.failed",
    "validation.started",
  ]);
  for (const { type, data } of events) {
    const fields = Object.keys({ ...data, sample: true }).toSorted();
    expect([type, Object.keys(sampleData(type)).toSorted()]).toEqual([type, fields]);
    const statuses = events.filter((event) => event.type === type).map((event) => event.data["status"]);
    expect([type, statuses]).toEqual([type, expect.arrayContaining([sampleData(type)["status"]])]);
  }
});
