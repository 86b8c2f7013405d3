// The examples in pipelines/ as they are, on the compiled binary.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createHmac } from "node:crypto";
import { cpSync } from "node:fs";
import { mkdir, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { BinaryServer } from "../../fixtures/harness/binary-server.ts";
import { runBinary } from "../../fixtures/harness/run-binary.ts";
import { Workspace } from "../../fixtures/harness/workspace.ts";
import { answers, prepareImages } from "../../fixtures/images/images.ts";

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

const noGit = Bun.which("git") === null;
const asSomebody = ["-c", "user.name=somebody", "-c", "user.email=somebody@example.org"] as const;

async function git(...args: readonly string[]): Promise<void> {
  const child = Bun.spawn(["git", ...args], { env: workspace.environment, stdout: "ignore", stderr: "pipe" });
  const stderr = await new Response(child.stderr).text();
  if ((await child.exited) !== 0) throw new Error(`git ${args.join(" ")} failed: ${stderr}`);
}

async function makeRepository(folder: string, files: Readonly<Record<string, string>>): Promise<void> {
  await git("init", "--quiet", "--initial-branch=main", folder);
  for (const [name, text] of Object.entries(files)) {
    await writeFile(join(folder, name), text, { mode: text.startsWith("#!") ? 0o755 : 0o644 });
  }
  await git("-C", folder, "add", ".");
  await git("-C", folder, ...asSomebody, "commit", "--quiet", "--message=first");
}

async function lastRun(pipeline: string): ReturnType<BinaryServer["waitForEnd"]> {
  const [run] = await server.listRuns(`pipeline=${encodeURIComponent(pipeline)}`);
  if (!run) throw new Error(`${pipeline} has no run`);
  return await server.waitForEnd(run.id);
}

describe("check", () => {
  test("finds no errors, and warns of the two secrets that are not set", async () => {
    const { code, stdout, stderr } = await runBinary(workspace, ["check"]);
    expect(code).toBe(0);
    expect(stderr).toContain("7 pipelines ok, 2 warnings");
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
    const steps = ["update", "deploy"].map((name) => ({ name, code: 0 }));
    expect(run).toMatchObject({ status: "succeeded", steps });
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

  test.skipIf(noGit)("brings the checkout to what was pushed and runs its deploy.sh with the commit", async () => {
    const [origin, folder] = [workspace.path("origin"), workspace.path("my site")];
    await makeRepository(origin, { "deploy.sh": '#!/bin/sh\necho "deployed $1: $(cat page)"\n', page: "old" });
    await git("clone", "--quiet", origin, folder);
    await writeFile(join(origin, "page"), "new");
    await git("-C", origin, ...asSomebody, "commit", "--quiet", "--all", "--message=new");
    const run = await server.run("deploy", { folder });
    expect(run).toMatchObject({ status: "succeeded", steps: [{ name: "update" }, { name: "deploy" }] });
    expect(await server.logText(run.id)).toContain("deployed by hand: new\n");
  });

  test.skipIf(noGit)("fails where deploy.sh fails", async () => {
    const [origin, folder] = [workspace.path("bad-origin"), workspace.path("bad-site")];
    await makeRepository(origin, { "deploy.sh": "#!/bin/sh\nexit 3\n" });
    await git("clone", "--quiet", origin, folder);
    const run = await server.run("deploy", { folder });
    expect(run).toMatchObject({ status: "failed", steps: [{ code: 0 }, { code: 3 }] });
    expect(run.error?.message).toContain("deploy.sh failed");
  });

  test.skipIf(noGit)("fails where the checkout cannot be updated", async () => {
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
  /** A site and an address that takes notifications, in one. */
  interface Site {
    readonly url: string;
    status: number;
    readonly told: { readonly type: string | null; readonly body: string }[];
  }
  let site: Site;
  let listener: ReturnType<typeof Bun.serve>;

  beforeAll(() => {
    listener = Bun.serve({
      hostname: "127.0.0.1",
      port: 0,
      fetch: async (request) => {
        if (!request.url.endsWith("/told")) return new Response("", { status: site.status });
        site.told.push({ type: request.headers.get("content-type"), body: await request.text() });
        return new Response("");
      },
    });
    site = { url: `http://127.0.0.1:${String(listener.port)}`, status: 200, told: [] };
  });
  afterAll(() => listener.stop(true));

  const look = async (path: string, params: object = {}): ReturnType<BinaryServer["run"]> =>
    await server.run("uptime", { url: `${site.url}/${path}`, notify: `${site.url}/told`, tries: 1, ...params });

  test("says once that a site is down, once that it is back, and nothing in between", async () => {
    expect(await look("a")).toMatchObject({ status: "succeeded", result: { up: true } });
    expect(site.told).toEqual([]);
    site.status = 503;
    const runs = [await look("a"), await look("a")];
    expect(runs.map(({ status, error }) => [status, error?.message])).toEqual([
      ["failed", `${site.url}/a is down: HTTP 503`],
      ["failed", `${site.url}/a is down: HTTP 503`],
    ]);
    site.status = 200;
    expect((await look("a")).status).toBe("succeeded");
    expect((await look("a")).status).toBe("succeeded");
    const type = "text/plain; charset=utf-8";
    expect(site.told.splice(0)).toEqual([
      { type, body: `${site.url}/a is down: HTTP 503` },
      { type, body: `${site.url}/a is back` },
    ]);
  });

  test("one failure among its tries is none", async () => {
    site.status = 503;
    setTimeout(() => (site.status = 200), 1000);
    expect((await look("b", { tries: 3 })).status).toBe("succeeded");
    expect(site.told).toEqual([]);
  });

  test("Slack is told in JSON, at an address that is a secret and stays one", async () => {
    await writeFile(workspace.path("address"), `${site.url}/told\n`);
    const run = await look("s", {
      url: "http://127.0.0.1:9",
      notify: `file:${workspace.path("address")}`,
      format: "slack",
    });
    expect(run.status).toBe("failed");
    const [message] = site.told.splice(0);
    expect(message?.type).toBe("application/json");
    expect(JSON.parse(message?.body ?? "")).toEqual({ text: expect.stringContaining("http://127.0.0.1:9 is down: ") });
    expect(JSON.stringify([run, await server.logText(run.id)])).not.toContain("told");
  });

  test("what could not be told is told by the next run", async () => {
    site.status = 503;
    expect((await look("c", { notify: "http://127.0.0.1:9" })).error?.message).toContain("connection refused");
    await look("c");
    expect(site.told.splice(0)).toHaveLength(1);
    site.status = 200;
  });
});

const noContainers = !answers("docker") || noGit;

describe.skipIf(noContainers)("build", () => {
  beforeAll(async () => {
    await prepareImages();
    await makeRepository(workspace.path("app"), { Dockerfile: "FROM busybox\nCOPY page /page\n", page: "hi" });
  });
  const build = async (params: object): ReturnType<BinaryServer["run"]> =>
    await server.run("build", {
      repo: workspace.path("app"),
      image: "alpine",
      command: "tr a-z A-Z <page >/out/page",
      ...params,
    });

  test("builds in a container and keeps what it makes", async () => {
    const run = await build({});
    expect([run.status, run.error]).toEqual(["succeeded", null]);
    expect(run.steps.map(({ name, kind }) => `${name} ${kind}`)).toEqual([
      "clone process",
      "commit process",
      "build container",
      "pack process",
    ]);
    expect(run.artifacts).toMatchObject([{ name: "out.tar.gz" }]);
    const archive = await (await server.request("GET", `/api/runs/${run.id}/artifacts/out.tar.gz`)).bytes();
    await Bun.write(workspace.path("out.tar.gz"), archive);
    expect(await Bun.$`tar -xzOf ${workspace.path("out.tar.gz")} ./page`.text()).toBe("HI");
  });

  test("packs an image too, where it is asked for", async () => {
    const tag = `runner-test-${crypto.randomUUID()}`;
    try {
      expect(await build({ tag })).toMatchObject({ status: "succeeded", result: { image: tag } });
      expect(await Bun.$`docker run --rm ${tag} cat /page`.text()).toBe("hi");
    } finally {
      await Bun.$`docker rmi -f ${tag}`.quiet().nothrow();
    }
  });

  test("fails where the command fails, and keeps nothing", async () => {
    const run = await build({ command: "echo no >&2; exit 3" });
    expect(run).toMatchObject({ status: "failed", artifacts: [] });
    expect(run.error?.message).toContain("the build failed");
  });
});
