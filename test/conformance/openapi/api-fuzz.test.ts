// The API against its own description: whatever is sent, it answers as described, and never with a 500.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningServer, startServer } from "../../../src/app.ts";
import { loadConfig } from "../../../src/config.ts";
import { openApi } from "../../../src/server/openapi/document.ts";
import { arbitraryRequest, exampleRequest, type FuzzRequest } from "./arbitrary-request.ts";
import { problemsOfAnswer, receive } from "./check-answer.ts";
import { type Document, type Located, operationsOf, SchemaChecker } from "./described-api.ts";

const document = openApi as unknown as Document;
/** What takes pipelines away comes last. */
const operations = operationsOf(document).toSorted((a, b) => removing(a) - removing(b));
const checker = new SchemaChecker(document);

function removing({ path, method }: Located): number {
  if (path === "/v1/webhooks/{webhook}" && method === "DELETE") return 1;
  if (path !== "/api/pipelines/{pipeline}") return 0;
  return method === "PUT" ? 1 : method === "DELETE" ? 2 : 0;
}

const pipelines: Readonly<Record<string, string>> = {
  "home/backup": `export const config = { webhook: { stream: true }, params: { target: { type: "string", enum: ["nas"] } } };
    export const pipeline = async () => { artifacts.save("files.txt", "a"); await runtime.run({ command: "echo out" }); };`,
  deploy: 'export const pipeline = () => { console.log("one\\ntwo"); return 1; };',
  answers: 'export const pipeline = () => { http.respond({ status: 418, body: "short" }); throw new Error("stout"); };',
  tells: `export const pipeline = () => notify.send({ to: "ops", message: "x" });`,
  signed: 'export const config = { webhook: { secret: "hunter2hunter2" } }; export const pipeline = () => 1;',
  asks: `export const pipeline = async () => {
    await approval({ name: "by link" });
    for (;;) await Promise.all([approval({ name: "files.txt" }), signal.wait("files.txt")]);
  };`,
  closed: "export const config = { webhook: false }; export const pipeline = () => 1;",
  lost: 'export const config = { webhook: { secret: "env:NOT_SET" } }; export const pipeline = () => 1;',
  broken: "export const pipeline = ;",
};

let folder: string;
let server: RunningServer;
let targetDelivery: string;
const known: Record<string, readonly string[]> = {
  pipeline: Object.keys(pipelines),
  name: ["files.txt"],
  target: ["ops"],
};

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "runner-fuzz-"));
  for (const [id, source] of Object.entries(pipelines)) {
    await mkdir(join(folder, "pipelines/home"), { recursive: true });
    await writeFile(join(folder, "pipelines", `${id}.ts`), source);
  }
  const { config } = await loadConfig({
    flags: { port: "0", sandboxProcesses: "1" },
    environment: {},
    configFile: undefined,
    cwd: folder,
    cores: 2,
  });
  // Nobody listens there.
  const values = { url: "http://127.0.0.1:1/", method: "POST", format: "json" };
  const targets = [{ name: "ops", type: "webhook", values }] as const;
  server = await startServer({ ...config, targets, logLevel: "error", publicUrl: "http://runner.example.org" });
  const ids = ["home/backup", "deploy", "answers"].map(async (id) => {
    const target = `/api/pipelines/${encodeURIComponent(id)}/trigger?wait=20s`;
    const answer = await send({ method: "POST", target, headers: {}, body: null, authorized: true });
    return ((await answer.json()) as { id: string }).id;
  });
  const asks = await runThatAsks();
  known["run"] = [...(await Promise.all(ids)), asks.run];
  known["code"] = [asks.code];
  known["request"] = await twoRequests();
  known["webhook"] = [await makeEndpoint()];
  known["delivery"] = [await sendSample(known["webhook"][0] ?? "")];
  targetDelivery = await notifyTarget();
  known["event"] = await newestEvents();
});

/** The delivery of what a run tells its target. */
async function notifyTarget(): Promise<string> {
  const ask = { headers: {}, body: null, authorized: true };
  await send({ ...ask, method: "POST", target: "/api/pipelines/tells/trigger" });
  for (;;) {
    const answer = await send({ ...ask, method: "GET", target: "/api/targets/ops/deliveries" });
    const { deliveries } = (await answer.json()) as { deliveries: readonly { readonly id: string }[] };
    if (deliveries[0] !== undefined) return deliveries[0].id;
    await Bun.sleep(20);
  }
}

/** Targets have deliveries of their own. */
function knownTo({ path }: Located): Record<string, readonly string[]> {
  return path.startsWith("/api/targets/") ? { ...known, delivery: [targetDelivery] } : known;
}

async function newestEvents(): Promise<readonly string[]> {
  const target = "/api/events?limit=3";
  const answer = await send({ method: "GET", target, headers: {}, body: null, authorized: true });
  return ((await answer.json()) as { events: { id: string }[] }).events.map(({ id }) => id);
}

/** Ids of a webhook that began a run, and of one that was not believed. */
async function twoRequests(): Promise<readonly string[]> {
  const post = { method: "POST", headers: {}, body: null, authorized: false };
  for (const id of ["answers", "signed"]) await send({ ...post, target: `/api/webhooks/${id}` });
  const answer = await send({ ...post, method: "GET", target: "/api/requests", authorized: true });
  return ((await answer.json()) as { requests: { id: string }[] }).requests.map(({ id }) => id);
}

/** Nothing listens where its deliveries go. */
async function makeEndpoint(): Promise<string> {
  const body = JSON.stringify({ url: "http://127.0.0.1:9/", events: ["run.step.failed"] });
  const answer = await send({ method: "POST", target: "/v1/webhooks", headers: {}, body, authorized: true });
  return ((await answer.json()) as { id: string }).id;
}

async function sendSample(endpoint: string): Promise<string> {
  const body = '{"event_type":"run.failed"}';
  const target = `/v1/webhooks/${endpoint}/test`;
  const answer = await send({ method: "POST", target, headers: {}, body, authorized: true });
  return ((await answer.json()) as { id: string }).id;
}

/** A run that waits for an approval, and the code of its link. */
async function runThatAsks(): Promise<{ readonly run: string; readonly code: string }> {
  const get = { method: "GET", headers: {}, body: null, authorized: true };
  const started = await send({ ...get, method: "POST", target: "/api/pipelines/asks/trigger" });
  const { run_id: run } = (await started.json()) as { run_id: string };
  for (;;) {
    const log = await (await send({ ...get, target: `/api/runs/${run}/logs` })).text();
    const code = /\/approve\/(\S+)/.exec(log)?.[1];
    if (code !== undefined) return { run, code };
    await Bun.sleep(20);
  }
}

afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
});

async function send({ method, target, headers, body, authorized }: FuzzRequest): Promise<Response> {
  return await fetch(server.url + target, {
    method,
    headers: { ...headers, ...(authorized ? { authorization: `Bearer ${server.token}` } : {}) },
    redirect: "manual",
    ...(body === null ? {} : { body }),
  });
}

describe("the request that its examples make", () => {
  // The examples name no real token, a run that has ended, a step that it does not have, and a resource.
  const refused: Readonly<Record<string, number>> = {
    logIn: 401,
    cancelRun: 409,
    rerunRun: 404,
    decideApproval: 409,
    sendSignal: 409,
    checkResources: 404,
  };

  for (const located of operations) {
    test(`is taken by ${located.method} ${located.path}`, async () => {
      const answer = await receive(await send(exampleRequest(located, knownTo(located))));
      const expected = refused[located.operation.operationId];
      expect([answer.text.slice(0, 300), expected ?? answer.status < 400]).toEqual([
        expect.any(String),
        expected === undefined ? true : answer.status,
      ]);
      expect(problemsOfAnswer(answer, located.operation, checker)).toBe("");
    });
  }

  test("puts back what the others need", async () => {
    for (const [id, source] of Object.entries(pipelines)) {
      if (id === "broken") continue;
      const target = `/api/pipelines/${encodeURIComponent(id)}`;
      const body = JSON.stringify({ source, webhook_secret: null });
      const headers = { "content-type": "application/json" };
      expect((await send({ method: "PUT", target, headers, body, authorized: true })).status).toBeLessThan(300);
    }
    const endpoint = await makeEndpoint();
    known["webhook"] = [endpoint, ...(known["webhook"] ?? [])];
    known["delivery"] = [await sendSample(endpoint), ...(known["delivery"] ?? [])];
  });
});

describe("every answer is as described", () => {
  for (const located of operations) {
    const { path, method, operation } = located;
    test(`${method} ${path}`, async () => {
      const property = fc.asyncProperty(arbitraryRequest(located, knownTo(located)), async (request) => {
        const answer = await receive(await send(request));
        const problems = problemsOfAnswer(answer, operation, checker);
        expect([request.target, problems]).toEqual([request.target, ""]);
      });
      // A wrong token is answered only after a second, and the page's script is large.
      const numRuns = operation.operationId === "logIn" ? 6 : path === "/swagger/scalar.js" ? 10 : 60;
      await fc.assert(property, { numRuns, interruptAfterTimeLimit: 12_000 });
    });
  }
});

test("methods that are not described are 405, with those that are", async () => {
  const methods = ["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "PROPFIND"];
  for (const [path, described] of Object.entries(document.paths)) {
    const allowed = Object.keys(described).map((method) => method.toUpperCase());
    if (path.startsWith("/api/webhooks/")) continue;
    const target = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(known[name]?.[0] ?? ""));
    for (const method of methods.filter((each) => !allowed.includes(each))) {
      const answer = await send({ method, target, headers: {}, body: null, authorized: true });
      const allow = (answer.headers.get("allow") ?? "").split(", ").filter((each) => each !== "HEAD");
      expect([method, path, answer.status, allow.sort()]).toEqual([method, path, 405, allowed.sort()]);
    }
  }
});

test("HEAD is answered like GET, without a body", async () => {
  for (const { path, method, operation } of operations.filter((each) => each.method === "GET")) {
    const target = path.replaceAll(/\{(\w+)\}/g, (_, name: string) =>
      encodeURIComponent(known[name]?.[1] ?? "files.txt"),
    );
    const answer = await receive(await send({ method: "HEAD", target, headers: {}, body: null, authorized: true }));
    expect([method, path, Object.keys(operation.responses).includes(String(answer.status)), answer.text]).toEqual([
      method,
      path,
      true,
      "",
    ]);
  }
});
