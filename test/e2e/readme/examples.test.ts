// The examples in pipelines/ as they are, on the compiled binary.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { cpSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BinaryServer } from "../../fixtures/harness/binary-server.ts";
import { runBinary } from "../../fixtures/harness/run-binary.ts";
import { Workspace } from "../../fixtures/harness/workspace.ts";

const examplesDir = join(import.meta.dir, "../../../pipelines");
const secrets = { GITHUB_WEBHOOK_SECRET: "github's secret", SLACK_SIGNING_SECRET: "slack's secret" };

let workspace: Workspace;
let server: BinaryServer;

beforeAll(async () => {
  workspace = new Workspace();
  cpSync(examplesDir, workspace.pipelinesDir, { recursive: true });
  server = await BinaryServer.start({ workspace, env: secrets });
});
afterAll(async () => {
  await server.remove();
});

const hmac = (secret: string, text: string): string => createHmac("sha256", secret).update(text).digest("hex");

async function lastRun(pipeline: string): ReturnType<BinaryServer["waitForEnd"]> {
  const [run] = await server.listRuns(`pipeline=${encodeURIComponent(pipeline)}`);
  if (!run) throw new Error(`${pipeline} has no run`);
  return await server.waitForEnd(run.id);
}

describe("check", () => {
  test("finds no errors, and warns of the two secrets that are not set", async () => {
    const { code, stdout, stderr } = await runBinary(workspace, ["check"]);
    expect(code).toBe(0);
    expect(stderr).toContain("5 pipelines ok, 2 warnings");
    expect(stdout.split("\n").filter((line) => line.startsWith("pipelines/"))).toHaveLength(2);
    expect(stdout).toMatch(/^pipelines\/deploy\.ts:\d+:\d+ warning: .*GITHUB_WEBHOOK_SECRET/m);
    expect(stdout).toMatch(/^pipelines\/slack\.ts:\d+:\d+ warning: .*SLACK_SIGNING_SECRET/m);
  });
});

describe("hello", () => {
  test("greets a webhook's caller by name and counts its runs", async () => {
    const before = await server.run("hello");
    const response = await server.webhook("hello?name=Ada", { method: "GET" });
    expect([response.status, await response.text()]).toEqual([200, "hello Ada\n"]);
    const { result } = await lastRun("hello");
    expect(result).toMatchObject({ greeted: "Ada", runs: (before.result as { runs: number }).runs + 1 });
  });
});

describe("deploy", () => {
  const push = JSON.stringify({ ref: "refs/heads/main", after: "59b20b8d5c6ff8d09518454d4dd8b7b30f095ab5" });
  const send = async (event: string, body: string, signature: string): Promise<Response> =>
    await server.webhook("deploy", {
      body,
      headers: { "x-github-event": event, "x-hub-signature-256": `sha256=${signature}` },
    });

  test("answers a signed push to main by itself, and the output of its step is in the log", async () => {
    const response = await send("push", push, hmac(secrets.GITHUB_WEBHOOK_SECRET, push));
    expect([response.status, await response.json()]).toEqual([200, { deploying: true, event: "push" }]);
    const run = await lastRun("deploy");
    expect(run).toMatchObject({ status: "succeeded", steps: [{ name: "update", code: 0 }] });
    expect(await server.logText(run.id)).toContain("deploying 59b20b8d5c6ff8d09518454d4dd8b7b30f095ab5\n");
  });

  test("does nothing for another branch or event", async () => {
    const topic = JSON.stringify({ ref: "refs/heads/topic" });
    for (const [event, body] of [
      ["push", topic],
      ["ping", "{}"],
    ] as const) {
      const response = await send(event, body, hmac(secrets.GITHUB_WEBHOOK_SECRET, body));
      expect(await response.json()).toEqual({ deploying: false, event });
      expect(await lastRun("deploy")).toMatchObject({ result: "nothing to deploy", steps: [] });
    }
  });

  test("refuses a forged push, and one that is signed as a generic sender would", async () => {
    const signature = hmac("a guess", push);
    expect((await send("push", push, signature)).status).toBe(401);
    const headers = { "x-webhook-signature": hmac(secrets.GITHUB_WEBHOOK_SECRET, push) };
    expect((await server.webhook("deploy", { body: push, headers })).status).toBe(401);
  });

  test("a value from outside is never part of the command's text", async () => {
    const body = JSON.stringify({ ref: "refs/heads/main", after: '"; echo injected; "$(echo injected)' });
    expect((await send("push", body, hmac(secrets.GITHUB_WEBHOOK_SECRET, body))).status).toBe(200);
    const run = await lastRun("deploy");
    expect(run.status).toBe("succeeded");
    const [deploying, ...rest] = (await server.logText(run.id)).split("\n");
    expect(deploying).toBe('deploying "; echo injected; "$(echo injected)');
    expect(rest).not.toContain("injected");
  });

  test.skipIf(Bun.which("git") === null)("fails where the checkout cannot be updated", async () => {
    const folder = workspace.path("site");
    await mkdir(folder);
    expect((await Bun.$`git init -q ${folder}`.quiet().nothrow()).exitCode).toBe(0);
    const run = await server.run("deploy", { folder });
    expect(run).toMatchObject({ status: "failed", error: { code: "SCRIPT_ERROR", file: "deploy.ts" } });
    expect(run.error?.message).toContain("the update failed");
  });
});

describe("slack", () => {
  const send = async (payload: object): Promise<Response> => {
    const body = JSON.stringify(payload);
    const time = String(Math.floor(Date.now() / 1000));
    const signature = `v0=${hmac(secrets.SLACK_SIGNING_SECRET, `v0:${time}:${body}`)}`;
    const headers = { "x-slack-signature": signature, "x-slack-request-timestamp": time };
    return await server.webhook("slack", { body, headers });
  };

  test("confirms its address", async () => {
    const response = await send({ type: "url_verification", challenge: "abc" });
    expect([response.status, await response.json()]).toEqual([200, { challenge: "abc" }]);
  });

  test("notes a mention and leaves other events alone", async () => {
    const event = { type: "app_mention", user: "U061F7AUR", text: "<@U0LAN0Z89> is it up?" };
    expect((await send({ type: "event_callback", event })).status).toBe(200);
    const run = await lastRun("slack");
    expect(run.result).toBe("mention noted");
    expect(await server.logText(run.id)).toBe("mentioned by U061F7AUR: <@U0LAN0Z89> is it up?\n");
    await send({ type: "event_callback", event: { type: "message" } });
    expect((await lastRun("slack")).result).toBe("ignored message");
  });
});

describe("home/backup", () => {
  test("packs a folder, keeps as many archives as asked for, and leaves other files alone", async () => {
    const [source, target] = [workspace.path("my photos"), workspace.path("back up")];
    await mkdir(join(source, "2026"), { recursive: true });
    await writeFile(join(source, "2026/cat.txt"), "meow");
    await mkdir(target);
    const others = ["other", "my photos-2019"].map((name) => `${name}-2025-01-01T00-00-00.tar.gz`);
    const older = [1, 2, 3].map((day) => `my photos-2025-01-0${String(day)}T00-00-00.tar.gz`);
    for (const name of [...older, ...others]) await writeFile(join(target, name), "");

    const run = await server.run("home/backup", { source: `${source}/`, target, keep: 2 });
    expect(run).toMatchObject({ status: "succeeded", error: null });
    const { archive, bytes, removed } = run.result as { archive: string; bytes: number; removed: string[] };
    expect(removed.sort()).toEqual(older.slice(0, 2).map((name) => join(target, name)));
    expect((await readdir(target)).sort()).toEqual([archive.split("/").at(-1) ?? "", older[2] ?? "", ...others].sort());
    expect(Bun.file(archive).size).toBe(bytes);
    expect(await Bun.$`tar -xzOf ${archive} ./2026/cat.txt`.text()).toBe("meow");
  });

  test("fails with what tar said where there is no such folder, and makes no archive", async () => {
    const target = workspace.path("nothing");
    const run = await server.run("home/backup", { source: workspace.path("missing"), target });
    expect(run).toMatchObject({ status: "failed", error: { code: "SCRIPT_ERROR", file: "lib/shell.ts" } });
    expect(run.error?.message).toContain("missing");
    expect((await readdir(target)).filter((name) => name.endsWith(".tar.gz"))).toEqual([]);
  });

  test("asks for its folder, and takes no webhooks", async () => {
    const response = await server.request("POST", "/api/pipelines/home%2Fbackup/trigger");
    expect([response.status, await response.json()]).toMatchObject([400, { code: "PARAM_INVALID" }]);
    expect((await server.webhook("home/backup")).status).toBe(404);
  });
});

describe("uptime", () => {
  test("answers 200 or 503 with what it found", async () => {
    const response = await server.webhook("uptime", { method: "GET" });
    const state = (await response.json()) as { ok: boolean; disk: { used: number } };
    expect(state).toMatchObject({ ok: state.disk.used < 90, disk: { path: "/", limit: 90 } });
    expect(response.status).toBe(state.ok ? 200 : 503);
  });

  test("fails where more is in use than the limit, and says so once", async () => {
    expect((await server.run("uptime", { limit: 101 })).status).toBe("succeeded");
    const [first, second] = [await server.run("uptime", { limit: 0 }), await server.run("uptime", { limit: 0 })];
    expect([first.status, second.status]).toEqual(["failed", "failed"]);
    expect(await server.logText(first.id)).toContain("/ is nearly full: ");
    expect(await server.logText(second.id)).not.toContain("/ is nearly full: ");
  });
});
