// `resources` as a process, against a server of the test.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { type FakeServer, startFakeServer } from "./fake-server.ts";
import { makeHome, runCli, type SpawnOptions } from "./spawn-cli.ts";

let home: Awaited<ReturnType<typeof makeHome>>;
let server: FakeServer;
let options: SpawnOptions;

beforeEach(async () => {
  home = await makeHome();
  server = startFakeServer();
  options = { cwd: home.dir, env: { RUNNER_SERVER: server.url, RUNNER_TOKEN: server.token, TZ: "UTC" } };
});
afterEach(async () => {
  await server.stop();
  await home.remove();
});

const hourAgo = new Date(Date.now() - 3_600_500).toISOString();
const commit = "9fceb02d0ae598e95dc970b74767f19372d61af8";
const repo = {
  pipeline: "home/ci",
  name: "repo",
  type: "git",
  check_every_ms: 60_000,
  last_check: { at: hourAgo, error: null },
  next_check: null,
  paused: false,
  versions: [
    {
      version: { ref: commit },
      found_at: hourAgo,
      passed: [
        { job: "build", run_id: "r" },
        { job: "te\u001Bst", run_id: "r" },
      ],
    },
    { version: { ref: "v1", commit }, found_at: hourAgo, passed: [] },
  ],
};
const nightly = { ...repo, name: "nightly", type: "time", check_every_ms: null, last_check: null, versions: [] };
const gone = { ...nightly, name: "gone", type: "git", last_check: { at: hourAgo, error: "no\u001B[2J route" } };

test("resources lists them with their last check, their newest version and what that has passed", async () => {
  expect(await runCli(["resources"], options)).toMatchObject({ code: 0, stdout: "", stderr: "no resources\n" });
  server.resources.push(repo, nightly, gone, { ...nightly, name: "held", paused: true });
  const { code, stdout } = await runCli(["resources"], options);
  expect(stdout.split("\n").map((line) => line.split(/ {2,}/))).toEqual([
    ["PIPELINE", "RESOURCE", "TYPE", "CHECKED", "NEWEST VERSION", "PASSED"],
    ["home/ci", "repo", "git", "1 h 0 min ago", "ref 9fceb02d0a", "build, te\uFFFDst"],
    ["home/ci", "nightly", "time", "only when asked for", "none yet"],
    ["home/ci", "gone", "git", "failed 1 h 0 min ago", "none yet"],
    ["home/ci", "held", "time", "paused", "none yet"],
    [""],
    ["gone: no\uFFFD[2J route"],
    [""],
  ]);
  expect(code).toBe(0);
});

test("of one all versions are shown; one that there is not is told with those that there are", async () => {
  server.resources.push(repo, nightly);
  const { stdout } = await runCli(["resources", "home/ci", "repo"], options);
  expect(
    stdout
      .split("\n")
      .slice(2)
      .map((line) => line.split(/ {2,}/)),
  ).toEqual([
    [""],
    ["VERSION", "FOUND", "PASSED"],
    ["ref 9fceb02d0a", "1 h 0 min ago", "build, te\uFFFDst"],
    ["ref v1, commit 9fceb02d0a", "1 h 0 min ago"],
    [""],
  ]);
  expect(server.requests.at(-1)?.path).toBe("/api/resources?pipeline=home%2Fci");
  const other = await runCli(["resources", "home/ci", "rep"], options);
  expect(other.code).toBe(66);
  expect(other.stderr).toContain('pipeline "home/ci" has no resource "rep"');
  expect(other.stderr).toContain('did you mean "repo"?');
  const none = await runCli(["resources", "home/ci", "unlike"], options);
  expect(none.stderr).toContain("it has: repo, nightly");
});

test("--check checks first, and fails where one could not be checked; --json prints the server's list", async () => {
  server.resources.push(repo);
  const checked = await runCli(["resources", "home/ci", "--check"], options);
  expect(checked).toMatchObject({ code: 0, stderr: "checking the resources of home/ci …\n" });
  server.resources.push(gone);
  const failed = await runCli(["resources", "home/ci", "gone", "--check", "--json"], options);
  expect(failed).toMatchObject({ code: 1, stderr: "" });
  expect(JSON.parse(failed.stdout)).toEqual({ resources: [gone] });
  expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
    "POST /api/pipelines/home%2Fci/check-resources",
    "POST /api/pipelines/home%2Fci/check-resources?resource=gone",
  ]);
  expect(await runCli(["resources", "--check"], options)).toMatchObject({ code: 2 });
});
