// `schedules`, `pause` and `resume` as processes, against a server of the test.

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

const soon = new Date(Math.ceil(Date.now() / 1000) * 1000 + 90 * 60_000);
const nightly = {
  pipeline: "home/backup",
  schedule: "0 3 * * *",
  timezone: "Europe/Berlin",
  params: {},
  next: [soon.toISOString()],
  last: new Date(Date.now() - 3 * 86_400_000).toISOString(),
  last_run: null,
  paused: false,
};

test("schedules lists them with the next time, and what is paused", async () => {
  server.schedules.push(nightly, {
    ...nightly,
    pipeline: "x\u001B[2J",
    schedule: "@every 15m",
    timezone: "UTC",
    next: [],
    last: null,
    paused: true,
  });
  const { code, stdout } = await runCli(["schedules"], options);
  const [head = "", first = "", second = ""] = stdout.split("\n");
  expect(head.split(/ {2,}/)).toEqual(["PIPELINE", "SCHEDULE", "TIME ZONE", "NEXT", "LAST"]);
  const time = soon.toISOString().slice(0, 19).replace("T", " ");
  const cells = first.split(/ {2,}/);
  expect(cells.filter((_, column) => column !== 3)).toEqual(["home/backup", "0 3 * * *", "Europe/Berlin", "3 d ago"]);
  expect(cells[3]).toStartWith(`${time} (in 1 h `);
  expect(second.split(/ {2,}/)).toEqual(["x\uFFFD[2J", "@every 15m", "UTC", "paused"]);
  expect([code, server.requests.map(({ path }) => path)]).toEqual([0, ["/api/schedules"]]);
});

test("schedules --json prints the server's list on one line, and none is said on stderr", async () => {
  expect(await runCli(["schedules"], options)).toMatchObject({ code: 0, stdout: "", stderr: "no schedules\n" });
  server.schedules.push(nightly);
  const { stdout } = await runCli(["schedules", "--json"], options);
  expect(JSON.parse(stdout)).toEqual({ schedules: [nightly] });
  expect(stdout.trimEnd().split("\n")).toHaveLength(1);
});

test("pause and resume ask the server for that, and say what holds now", async () => {
  expect(await runCli(["pause", "home/backup"], options)).toMatchObject({
    code: 0,
    stdout: "pipeline home/backup is paused and starts no runs\n",
  });
  expect(await runCli(["resume", "home/backup"], options)).toMatchObject({
    code: 0,
    stdout: "pipeline home/backup starts runs\n",
  });
  expect(server.requests.map(({ method, path }) => `${method} ${path}`)).toEqual([
    "POST /api/pipelines/home%2Fbackup/pause",
    "POST /api/pipelines/home%2Fbackup/resume",
  ]);
});

test("what the server refuses is said as it says it", async () => {
  for (const verb of ["pause", "resume"]) {
    server.problems.set(verb, { status: 404, code: "PIPELINE_NOT_FOUND", detail: "no such", hint: "did you mean x?" });
    const { code, stderr } = await runCli([verb, "y"], options);
    expect([code, stderr]).toEqual([66, expect.stringContaining("did you mean x?")]);
  }
});

test("trigger of a paused pipeline, or where too many runs wait, is refused with a code of its own", async () => {
  server.problems.set("trigger", { status: 409, code: "PIPELINE_PAUSED", detail: "x is paused", hint: "resume it" });
  expect(await runCli(["trigger", "x"], options)).toMatchObject({ code: 65 });
  server.problems.set("trigger", { status: 503, code: "QUEUE_FULL", detail: "10000 runs wait", hint: "later" });
  const { code, stderr } = await runCli(["trigger", "x"], options);
  expect([code, stderr]).toEqual([75, expect.stringContaining("10000 runs wait")]);
});
