// What the README shows is done here as it stands there, in a folder of its own with the examples of pipelines/.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { cpSync, symlinkSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { BinaryServer } from "../../fixtures/harness/binary-server.ts";
import { runnerBinary } from "../../fixtures/harness/runner-binary.ts";
import { runBinary } from "../../fixtures/harness/run-binary.ts";
import { Workspace } from "../../fixtures/harness/workspace.ts";
import { codeIn, tableRows, testedBlocks } from "../../fixtures/readme/readme.ts";

const examplesDir = join(import.meta.dir, "../../../pipelines");
const secrets = { SITE_SECRET: "change-me", GITHUB_WEBHOOK_SECRET: "change-me-too" };
const missingTools = ["curl", "openssl"].filter((tool) => Bun.which(tool) === null);

let workspace: Workspace;
let server: BinaryServer;

beforeAll(async () => {
  workspace = new Workspace();
  cpSync(examplesDir, workspace.pipelinesDir, { recursive: true });
  for (const { file, text } of testedBlocks) if (file !== null) workspace.save(file.replace("pipelines/", ""), text);
  await mkdir(workspace.path("bin"));
  symlinkSync(runnerBinary, workspace.path("bin/runner"));
  server = await BinaryServer.start({ workspace, env: secrets });
});
afterAll(async () => {
  await server.remove();
});

/** Runs a block in the workspace; its text is changed only in the port. */
async function runShell(text: string): Promise<{ code: number; output: string }> {
  const script = text.replaceAll("http://127.0.0.1:8080", server.url);
  const child = Bun.spawn(["sh", "-e", "-c", script], {
    cwd: workspace.dir,
    env: {
      ...workspace.environment,
      ...secrets,
      PATH: `${workspace.path("bin")}:${workspace.environment["PATH"] ?? ""}`,
    },
    stdin: "ignore",
    stdout: "pipe",
    stderr: "pipe",
    timeout: 60_000,
    killSignal: "SIGKILL",
  });
  const [stdout, stderr] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text()]);
  return { code: await child.exited, output: stdout + stderr };
}

describe("blocks marked as tested", () => {
  const shellBlocks = testedBlocks.filter(({ language }) => language === "sh");

  test("there are some, and each says what is to be seen", () => {
    expect(shellBlocks.length).toBeGreaterThan(0);
    for (const { text } of shellBlocks) expect(text).toContain("# → ");
  });

  for (const { text, line } of shellBlocks) {
    const reason = missingTools.length > 0 ? ` (${missingTools.join(" and ")} is not on this machine)` : "";
    test.skipIf(reason !== "")(`the commands from line ${String(line)} on print what they say${reason}`, async () => {
      const { code, output } = await runShell(text);
      expect([code, output]).toEqual([0, output]);
      for (const [, expected = ""] of text.matchAll(/# → (.+)$/gm)) expect(output).toContain(expected);
    });
  }

  test("each script loads without an error", async () => {
    const files = testedBlocks.flatMap(({ file }) => file ?? []).map((file) => file.replace("pipelines/", ""));
    const { stdout } = await runBinary(workspace, ["check", "--json"], { env: secrets });
    const report = JSON.parse(stdout) as { pipelines: { file: string; state: string }[] };
    const states = report.pipelines.filter(({ file }) => files.includes(file)).map(({ state }) => state);
    expect(states).toEqual(files.map(() => "ok"));
  });
});

describe("the table of globals", () => {
  test("names only what a script has", async () => {
    const cells = tableRows("global").map((row) => row as [string, string]);
    const paths = cells.flatMap(([names, does]) => {
      const globals = codeIn(names).map((code) => code.replace(/\(.*/, ""));
      const [members = ""] = codeIn(does);
      const isList =
        globals.length === 1 && ["storage", "assert", "crypto", "pipelineContext", "YAML"].includes(globals[0] ?? "");
      if (!isList) return globals;
      return members.split(" ").map((member) => `${globals[0] ?? ""}.${member.replace(/\(.*/, "")}`);
    });
    expect(paths.length).toBeGreaterThan(30);
    const script = `export const pipeline = () => ${JSON.stringify(paths.filter((path) => /^[\w.]+$/.test(path)))}.filter(
      (path) => path.split(".").reduce((value, name) => value?.[name], globalThis) === undefined);`;
    workspace.save("globals.ts", script);
    const { result } = JSON.parse((await runBinary(workspace, ["run", "globals", "--json"])).stdout) as {
      result: unknown;
    };
    expect(result).toEqual([]);
  });
});

describe("the table of the HTTP API", () => {
  const requests = tableRows("request").flatMap(([cell = ""]) => codeIn(cell));

  test.each(requests)("%s exists", async (request) => {
    const [method = "", path = ""] = request.split(" ");
    const isUpload = ["PUT", "DELETE"].includes(method);
    const real = path
      .replace("{pipeline}", isUpload ? "uploaded" : "hello")
      .replace("/secrets/{name}", "/secrets/TOKEN")
      .replace("{run}", "01a1fb27-84db-7265-b967-56d05c6835fd");
    const upload = path.includes("/secrets/")
      ? { value: "kept by the server" }
      : { source: "export const pipeline = () => {};" };
    const asked: Readonly<Record<string, object>> = {
      "/api/runs/{run}/approvals/{name}": { approved: true },
      "/api/pipelines/{pipeline}/check": upload,
      "/v1/webhooks": { url: "http://127.0.0.1:9000/hook", events: ["run.failed"] },
      "/v1/webhooks/{webhook}": { enabled: true },
      "/v1/webhooks/{webhook}/test": { event_type: "run.failed" },
      "/v1/webhooks/{webhook}/recover": { since: "2026-02-02T00:00:00Z" },
    };
    const response = await server.request(
      method === "ANY" ? "PUT" : method,
      real,
      method === "PUT" ? upload : method === "GET" ? undefined : asked[path],
    );
    const body = await response.text();
    const code = response.ok ? null : (JSON.parse(body) as { code: string }).code;
    // Nothing has such an id, and no form is sent.
    const refusals = {
      "{run}": "RUN_NOT_FOUND",
      "{request}": "REQUEST_NOT_FOUND",
      "{webhook}": "ENDPOINT_NOT_FOUND",
      "{event}": "EVENT_NOT_FOUND",
      "{target}": "TARGET_NOT_FOUND",
      "{code}": "VALIDATION_FAILED",
    };
    const refusal = Object.entries(refusals).find(([part]) => path.includes(part))?.[1] ?? null;
    if (request === "GET /approve/{code}") expect(body).toContain("there is no such link");
    else expect([request, code]).toEqual([request, refusal]);
  });
});
