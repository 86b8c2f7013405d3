// YAML pipelines in the compiled binary: those that others wrote for Concourse and PocketCI, in containers and as
// processes, over SIGKILL, and broken ones.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { RunJson } from "../../src/core/run-json.ts";
import { BareRepository } from "../fixtures/git/bare-repository.ts";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { eventually } from "../fixtures/harness/eventually.ts";
import { runBinary } from "../fixtures/harness/run-binary.ts";
import { Workspace } from "../fixtures/harness/workspace.ts";
import { answers, prepareImages } from "../fixtures/images/images.ts";

const golang = "{ type: registry-image, source: { repository: golang, tag: '1.22' } }";
const alpine = "{ type: registry-image, source: { repository: alpine } }";

/** As in PocketCI's documentation, its dots filled in. */
const builds = `jobs:
  # Runs only when a GitHub push event arrives
  - name: build-on-push
    webhook_trigger: 'provider == "github" && eventType == "push"'
    plan:
      - task: build
        config: { platform: linux, image_resource: ${golang}, run: { path: go, args: [build, ./...] } }
  # Runs only on pull-request events
  - name: test-on-pr
    webhook_trigger: 'provider == "github" && eventType == "pull_request"'
    plan:
      - task: test
        config: { platform: linux, image_resource: ${golang}, run: { path: go, args: [test, ./...] } }
  # Always runs (no webhook_trigger)
  - name: notify
    plan:
      - task: send-notification
        config: { platform: linux, image_resource: ${alpine}, run: { path: echo, args: [notified] } }
`;

const payloads = `jobs:
  # Only trigger for pushes to main
  - name: deploy
    webhook_trigger: 'payload.ref == "refs/heads/main"'
    plan:
      - task: deploy
        config: { platform: linux, image_resource: ${alpine}, run: { path: echo, args: [deployed] } }
  # Slack: only react to bot mentions
  - name: respond-to-mention
    webhook_trigger: 'provider == "slack" && payload.event.type == "app_mention"'
    plan:
      - task: reply
        config: { platform: linux, image_resource: ${alpine}, run: { path: echo, args: [replied] } }
`;

/** As somebody brings it from Concourse. */
const shopOf = (uri: string): string => `
resources:
  - { name: repo, type: git, icon: github, check_every: 1s, source: { uri: ${uri}, branch: main } }
busybox: &busybox
  platform: linux
  image_resource: { type: registry-image, source: { repository: busybox } }
jobs:
  - name: unit
    serial: true
    build_log_retention: { builds: 20 }
    plan:
      - get: repo
        trigger: true
      - task: package
        config:
          <<: *busybox
          inputs: [{ name: repo }]
          outputs: [{ name: package }]
          caches: [{ path: cache }]
          run: { path: sh, args: [-ec, 'echo run >> cache/count; cp repo/README.md package/; cat cache/count'] }
          container_limits: { cpu: 512, memory: 64MB }
        on_success:
          task: told
          config: { <<: *busybox, inputs: [{ name: package }], run: { path: cat, args: [package/README.md] } }
    on_failure: { task: page, config: { <<: *busybox, run: { path: echo, args: [failed] } } }
  - name: deploy
    plan:
      - { get: repo, passed: [unit], trigger: true }
      - { load_var: ref, file: repo/.git/short_ref }
      - task: deploy
        attempts: 2
        timeout: 1m
        config:
          <<: *busybox
          inputs: [{ name: repo }]
          params: { VERSION: ((.:ref)) }
          run: { path: sh, args: [-c, 'echo "deploying $VERSION"'], dir: repo }
    ensure: { task: clean, config: { <<: *busybox, run: { path: echo, args: [cleaned], user: nobody } } }
`;

const jobsOf = ({ jobs }: RunJson): readonly string[] => jobs.map(({ name, status }) => `${name} ${status}`);

describe.skipIf(!answers("docker"))("in containers", () => {
  const workspace = new Workspace({ "builds.yml": builds, "payloads.yml": payloads });
  let server: BinaryServer;
  beforeAll(async () => {
    await prepareImages();
    server = await BinaryServer.start({ workspace });
  }, 120_000);
  afterAll(() => server.remove());

  async function send(pipeline: string, headers: Readonly<Record<string, string>>, body: object): Promise<RunJson> {
    const response = await server.webhook(pipeline, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify(body),
    });
    const { run_id: id } = (await response.json()) as { readonly run_id: string };
    return await server.waitForEnd(id, 60_000);
  }

  test("jobs whose webhook_trigger holds are executed, the others are skipped", async () => {
    const pushed = await send("builds", { "X-GitHub-Event": "push" }, { ref: "refs/heads/main" });
    expect(jobsOf(pushed)).toEqual(["build-on-push succeeded", "test-on-pr skipped", "notify succeeded"]);
    expect(await server.logText(pushed.id)).toContain("go build ./...");
    const asked = await send("builds", { "X-GitHub-Event": "pull_request" }, {});
    expect(jobsOf(asked)).toEqual(["build-on-push skipped", "test-on-pr succeeded", "notify succeeded"]);
    const merged = await send("payloads", {}, { ref: "refs/heads/main" });
    expect(jobsOf(merged)).toEqual(["deploy succeeded", "respond-to-mention skipped"]);
  }, 120_000);

  test("a pipeline from Concourse runs by itself on each push, once", async () => {
    const repository = new BareRepository(workspace.path("shop.git"));
    workspace.save("shop.yml", shopOf(repository.path));
    const ended = async (count: number): Promise<boolean> =>
      (await server.listRuns("pipeline=shop&status=succeeded")).length === count;
    await eventually("run of the first commit", async () => await ended(1), 60_000);
    repository.push("second commit");
    await eventually("run of the second", async () => await ended(2), 60_000);
    const [run] = await server.listRuns("pipeline=shop");
    expect(run).toMatchObject({ trigger: "schedule" });
    expect(run?.jobs.map(({ name, status, needs }) => [name, status, needs])).toEqual([
      ["unit", "succeeded", []],
      ["deploy", "succeeded", ["unit"]],
    ]);
    const log = await server.logText(run?.id ?? "");
    expect(log).toContain("run\nrun\n");
    expect(log).toMatch(/second commit[^]*deploying [0-9a-f]{7}[^]*cleaned/);
    expect(log).not.toContain("failed");
  }, 180_000);
});

describe("as processes", () => {
  const workspace = new Workspace({
    "slow.yml": `jobs:
  - name: first
    plan:
      - task: once
        config: { platform: linux, params: { OUT: ((out)) }, run: { path: sh, args: [-c, 'echo once >> "$OUT"'] } }
      - task: slow
        config: { platform: linux, params: { OUT: ((out)) }, run: { path: sh, args: [-c, 'echo begun >> "$OUT"; sleep 2; echo done >> "$OUT"'] } }
    ensure: { task: ensured, config: { platform: linux, params: { OUT: ((out)) }, run: { path: sh, args: [-c, 'echo ensured >> "$OUT"'] } } }
  - name: beside
    plan: [{ task: quick, config: { platform: linux, run: { path: "true" } } }]
`,
  });
  let server: BinaryServer;
  beforeAll(async () => {
    server = await BinaryServer.start({ workspace });
  }, 60_000);
  afterAll(() => server.remove());

  test("a run whose server is killed goes on where it was, and its replay is the same", async () => {
    const id = await server.trigger("slow", { out: workspace.path("out") });
    await eventually("step that runs", () => workspace.lines("out").includes("begun"));
    await server.kill();
    server = await BinaryServer.start({ workspace });
    const run = await server.waitForEnd(id);
    expect([run.status, run.error]).toEqual(["succeeded", null]);
    expect(jobsOf(run)).toEqual(["first succeeded", "beside succeeded"]);
    expect(workspace.lines("out")).toEqual(["once", "begun", "done", "ensured"]);
    const replayed = await runBinary(workspace, ["replay", id]);
    expect([replayed.code, replayed.stderr]).toEqual([0, expect.stringContaining("identical")]);
  }, 60_000);

  test("what is printed by compile runs as a script", async () => {
    const { stdout } = await runBinary(workspace, ["compile", "pipelines/slow.yml"]);
    workspace.save("printed.js", stdout);
    await eventually("script in force", async () => (await server.request("GET", "/api/pipelines/printed")).ok);
    const run = await server.run("printed", { out: workspace.path("printed-out") });
    expect(run.status).toBe("succeeded");
    expect(workspace.lines("printed-out")).toEqual(["once", "begun", "done", "ensured"]);
  }, 60_000);

  test("a file that breaks is told with its places, and the last good version stays in force", async () => {
    workspace.save(
      "breaks.yml",
      `jobs: [{ name: a, plan: [{ task: t, config: { platform: linux, run: { path: "true" } } }] }]\n`,
    );
    await eventually("pipeline in force", async () => (await server.request("GET", "/api/pipelines/breaks")).ok);
    workspace.save("breaks.yml", "jobs:\n  - name: a\n    paln: []\n  - name: a\n    plan: [{ get: nothing }]\n");
    const checked = await eventually("problem", async () => {
      const { stdout, code } = await runBinary(workspace, ["check"]);
      return stdout.includes("breaks.yml") ? { stdout, code } : null;
    });
    expect(checked.code).toBe(65);
    expect(checked.stdout).toMatch(
      /breaks\.yml:3:\d+ .*paln[^]*did you mean "plan"[^]*breaks\.yml:4:\d+ .*second time/,
    );
    expect((await server.run("breaks")).status).toBe("succeeded");
  }, 60_000);
});

describe("by hand", () => {
  const echo = (name: string, text: string): string =>
    `{ task: ${name}, config: { platform: linux, run: { path: echo, args: ["${text}"] } } }`;
  const workspace = new Workspace({
    "release.yml": `resources: [{ name: build, type: mock, source: { initial_version: "1" } }]
jobs:
  - { name: lint, plan: [${echo("lint", "linted")}] }
  - { name: unit, plan: [{ get: build }, ${echo("unit", "tested by ((who))")}] }
  - { name: docs, plan: [{ get: build }, ${echo("docs", "documented")}] }
  - name: ship
    plan:
      - { get: build, passed: [unit] }
      - ${echo("ship", "shipped to ((where.host)):((where.ports))")}
`,
    "hello.ts": "export const pipeline = () => 1;\n",
  });
  let server: BinaryServer;
  beforeAll(async () => {
    server = await BinaryServer.start({ workspace });
  }, 60_000);
  afterAll(() => server.remove());

  const trigger = async (...args: readonly string[]): ReturnType<typeof runBinary> =>
    await runBinary(workspace, ["trigger", ...args]);
  const vars = ["--var", "who=Ada", "--yaml-var", "where={ host: nas, ports: [80, 443] }"];

  test("--job executes that job and what depends on it, with the vars that are given", async () => {
    const { code, stdout, stderr } = await trigger("release", "--job", "unit", ...vars);
    expect([code, stdout]).toEqual([0, "tested by Ada\nshipped to nas:[80,443]\n"]);
    expect(stderr).toMatch(/^run \S+ succeeded/);
  });

  test("--job may be repeated; a rerun is of the same jobs, with the same vars", async () => {
    const first = await trigger("release", "--json", "--job", "ship", "--job", "docs", ...vars);
    const run = JSON.parse(first.stdout) as RunJson;
    // The job that "ship" needs is not in this run, but it has passed the version in the one before.
    expect([first.code, ...jobsOf(run)]).toEqual([0, "docs succeeded", "ship succeeded"]);
    const again = await runBinary(workspace, ["rerun", run.id, "--json"]);
    const rerun = JSON.parse(again.stdout) as RunJson;
    expect([rerun.rerun_of, ...jobsOf(rerun)]).toEqual([run.id, "docs succeeded", "ship succeeded"]);
    expect(await server.logText(rerun.id)).toContain("shipped to nas:[80,443]");
  });

  test.each([
    [
      ["release", "--job", "shp"],
      66,
      'pipeline "release" has no job "shp" (JOB_NOT_FOUND)\nhint: did you mean "ship"?',
    ],
    [["hello", "--job", "ship"], 65, 'pipeline "hello" has no jobs to choose from'],
    [["release", "--var", "whom=Ada"], 65, 'no parameter "whom" (PARAM_INVALID)\nhint: did you mean "who"?'],
    [["release", "--var", "who"], 2, '--var "who" has no name and value (USAGE)\nhint: write --var NAME=VALUE'],
    [["release", "--yaml-var", "where={ host: "], 2, '--yaml-var "where" is no YAML: '],
    [["release", "--job", "unit"], 1, "release.yml:4: job unit failed: ((who)) has no value: give it with --var who=…"],
  ])("%p ends with %p and says why", async (args, code, message) => {
    const tried = await trigger(...args);
    expect([tried.code, tried.stderr]).toEqual([code, expect.stringContaining(message)]);
  });
});
