// What may be read and by whom: files of the server, its API, its environment, the folder it was started in.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { runBinary } from "../fixtures/harness/run-binary.ts";
import { findSandboxProcesses } from "../fixtures/harness/sandbox-processes.ts";
import { Workspace } from "../fixtures/harness/workspace.ts";

const secret = "only-the-server-knows-8c1f";

const pipelines = {
  "environment.ts": `export const pipeline = async () => {
    const { stdout } = await runtime.run({ name: "env", command: "env; pwd", env: { OWN: "given" } });
    return stdout;
  };`,
  "reach.ts": `export const pipeline = () => ["process", "Bun", "require", "Deno", "WebSocket", "Worker"]
    .filter((name) => name in globalThis);`,
};

let workspace: Workspace;
let server: BinaryServer;
beforeAll(async () => {
  workspace = new Workspace(pipelines);
  writeFileSync(workspace.path(".env"), "RUNNER_PORT=1\nRUNNER_HOST=256.0.0.1\nSTOLEN=yes\n");
  writeFileSync(workspace.path("bunfig.toml"), 'preload = ["./preload.ts"]\n');
  writeFileSync(workspace.path("preload.ts"), 'require("node:fs").writeFileSync("preloaded", "yes");\n');
  const env = { SERVER_SECRET: secret, GITHUB_WEBHOOK_SECRET: secret };
  server = await BinaryServer.start({ workspace, env });
});
afterAll(async () => {
  await server.remove();
});

const mode = (path: string): string => (statSync(path).mode & 0o777).toString(8);

test("data folder, database, token, spool and the note of the address are readable by their owner alone", async () => {
  await server.run("environment");
  expect(mode(workspace.dataDir)).toBe("700");
  for (const name of readdirSync(workspace.dataDir)) {
    const path = join(workspace.dataDir, name);
    expect([name, mode(path)]).toEqual([name, statSync(path).isDirectory() ? "700" : "600"]);
  }
  const notes = join(workspace.stateDir, "runner");
  expect(mode(notes)).toBe("700");
  expect(readdirSync(notes).map((name) => mode(join(notes, name)))).toEqual(["600"]);
});

test("every address but webhooks and health is refused without the token, and with a wrong one", async () => {
  const paths = [
    ["GET", "/api/pipelines"],
    ["GET", "/api/pipelines/environment"],
    ["POST", "/api/pipelines/environment/trigger"],
    ["GET", "/api/runs"],
    ["GET", "/api/runs/x"],
    ["GET", "/api/runs/x/logs"],
    ["POST", "/api/runs/x/cancel"],
    ["GET", "/nothing"],
    ["GET", "/api/pipelines?token=" + server.token],
    ["GET", "/api//webhooks/../pipelines"],
    ["GET", "/api/webhooks/../pipelines"],
    ["GET", "/api/webhooks/..%2fpipelines"],
  ] as const;
  const before = (await server.listRuns()).length;
  for (const [method, path] of paths) {
    for (const authorization of [
      undefined,
      "Bearer wrong",
      `Basic ${server.token}`,
      "Bearer ",
      `Bearer ${server.token}x`,
    ]) {
      const headers = authorization === undefined ? {} : { authorization };
      const { status } = await fetch(`${server.url}${path}`, { method, headers });
      // Whatever is below webhooks/ is the name of a pipeline, and there is none like that.
      expect([path, status]).toEqual([path, path.startsWith("/api/webhooks/..%2f") ? 404 : 401]);
    }
  }
  expect((await server.listRuns()).length).toBe(before);
  expect((await fetch(`${server.url}/healthz`)).status).toBe(200);
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
});

test("a step sees its own environment and a fresh folder, and nothing of the server's", async () => {
  const { id, result } = await server.run("environment");
  const printed = JSON.stringify(result);
  const lines = (JSON.parse(printed) as string).trim().split("\n");
  const names = lines.slice(0, -1).map((line) => line.slice(0, line.indexOf("=")));
  const shellsOwn = ["PWD", "OLDPWD", "SHLVL", "_"];
  expect(names.filter((name) => !shellsOwn.includes(name)).toSorted()).toEqual([
    "HOME",
    "LANG",
    "OWN",
    "PATH",
    "RUNNER_PIPELINE",
    "RUNNER_RUN_ID",
    "RUNNER_STEP_ID",
    "TMPDIR",
  ]);
  expect(lines).toContain(`RUNNER_RUN_ID=${id}`);
  expect(lines).toContain("RUNNER_PIPELINE=environment");
  expect(printed).not.toContain(secret);
  expect(lines.at(-1)).toStartWith(join(workspace.dataDir, "spool"));
});

test("a sandbox process has nothing of the server's environment", () => {
  const pids = findSandboxProcesses(server.pid);
  expect(pids.length).toBeGreaterThan(0);
  for (const pid of pids) {
    const lines = readFileSync(`/proc/${String(pid)}/environ`, "latin1").split("\0");
    const names = lines.filter((line) => line !== "").map((line) => line.slice(0, line.indexOf("=")));
    // Bun's rule to end with its parent, two settings of its engine, and its channel to the parent.
    const channel = ["NODE_CHANNEL_FD", "NODE_CHANNEL_SERIALIZATION_MODE"];
    const engine = ["BUN_JSC_maxNumWasmFastMemories", "BUN_JSC_thresholdForOMGOptimizeAfterWarmUp"];
    const own = ["BUN_OPTIONS", ...engine, ...channel];
    expect(names.filter((name) => !own.includes(name))).toEqual([]);
  }
});

test("a script finds no way out of the sandbox among its globals", async () => {
  expect((await server.run("reach")).result).toEqual([]);
});

test(".env and bunfig.toml of the current folder have no effect on the binary", async () => {
  expect(existsSync(workspace.path("preloaded"))).toBe(false);
  const { code, stdout } = await runBinary(workspace, ["config", "--json"]);
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ port: { value: 8080 }, host: { value: "127.0.0.1" } });
  expect(existsSync(workspace.path("preloaded"))).toBe(false);
});

test("the token is nowhere in what the server writes", () => {
  expect(server.output.stdout + server.output.stderr).not.toContain(server.token);
});

test("the token of the first start is kept over a restart", async () => {
  const { token } = server;
  await server.stop();
  server = await BinaryServer.start({ workspace });
  expect(server.token).toBe(token);
  expect((await server.request("GET", "/api/runs")).status).toBe(200);
});
