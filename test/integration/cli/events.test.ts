// `runner events` as a process, against a server of the test.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { EventJson } from "../../../src/core/event-json.ts";
import { runId, startFakeServer, type FakeServer } from "./fake-server.ts";
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

function event(number: number, type: string, data: EventJson["data"], ofRun = true): EventJson {
  return {
    id: `evt_${String(number).padStart(28, "0")}`,
    type,
    created_at: "2026-01-02T03:04:05.678Z",
    data,
    metadata: { environment: "test", ...(ofRun ? { pipeline: "home/backup", run_id: runId, sequence: number } : {}) },
  };
}

const paths = (): readonly string[] => server.requests.map(({ path }) => path);

describe("events", () => {
  test.each<[string, EventJson["data"], string]>([
    ["run.created", { trigger: "webhook", status: "queued" }, "webhook"],
    ["run.completed", { trigger: "manual", duration_ms: 1500, error: null }, "1.5 s"],
    [
      "run.failed",
      { trigger: "manual", duration_ms: 90_000, error: { code: "SCRIPT_ERROR", message: "no\n\u001B[2Jway" } },
      "SCRIPT_ERROR: no \uFFFD[2Jway  1 min 30 s",
    ],
    ["run.paused", { status: "waiting", waits_for: [{ kind: "approval", name: "go" }] }, "waits for approval go"],
    ["approval.required", { name: "go", message: "Deploy?" }, "go  Deploy?"],
    ["pipeline.loaded", { file: "home/backup.ts", bundle_hash: "abc" }, "home/backup.ts"],
    [
      "validation.failed",
      { file: "a.ts", message: "all of it", problems: [{ line: 3, message: "no export" }] },
      "a.ts  line 3: no export",
    ],
    ["run.completed", { duration_ms: 1500, error: null, sample: true }, "(sample)  1.5 s"],
    [
      "endpoint.failing",
      { endpoint_id: "ep_ci", status: null, error: "connection refused", disable_at: "2026-01-07T03:04:05Z" },
      "ep_ci  connection refused",
    ],
    [
      "endpoint.disabled",
      { endpoint_id: "ep_ci", status: 410, error: "it answered 410", reason: "it answered 410 Gone" },
      "ep_ci  it answered 410 Gone",
    ],
    ["my.own", { host: "nas", count: 3 }, '{"host":"nas","count":3}'],
  ])("tell of %s what its data says", async (type, data, told) => {
    server.events.push([event(1, type, data)]);
    const { code, stdout } = await runCli(["events"], options);
    expect(code).toBe(0);
    expect(stdout).toBe(`2026-01-02 03:04:05  ${type.padEnd(19)}  home/backup  ${runId}  ${told}\n`);
  });

  test("are the latest, the last of them last, as the options say", async () => {
    server.events.push([event(2, "b.b", {}, false), event(1, "a.a", {}, false)]);
    const words = ["--type", "run.*", "--pipeline", "home/backup", "--run", "r", "--limit", "3", "--json"];
    const { stdout } = await runCli(["events", ...words], options);
    const lines = stdout.trim().split("\n");
    expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
      event(1, "a.a", {}, false),
      event(2, "b.b", {}, false),
    ]);
    expect(paths()).toEqual(["/api/events?limit=3&type=run.*&pipeline=home%2Fbackup&run=r"]);
  });

  test("that are none are told", async () => {
    expect(await runCli(["events"], options)).toMatchObject({ code: 0, stdout: "", stderr: "no events\n" });
  });
});

test("following goes on behind the last event over connections that end, and prints none twice", async () => {
  const [one, two, three] = [event(1, "a.one", {}), event(2, "a.two", {}), event(3, "a.three", {})];
  server.events.push([one], [one, two], [three]);
  // An answer that ends the command at last.
  const timer = setInterval(() => {
    if (server.events.length > 0) return;
    server.problems.set("", { status: 401, code: "UNAUTHORIZED", detail: "over", hint: "" });
    server.events.push([]);
  }, 20);
  const { code, stdout } = await runCli(["events", "-f", "--json", "--type", "a.*"], options);
  clearInterval(timer);
  expect(code).not.toBe(0);
  expect(
    stdout
      .trim()
      .split("\n")
      .map((line) => (JSON.parse(line) as EventJson).type),
  ).toEqual(["a.one", "a.two", "a.three"]);
  const follows = paths().filter((path) => path.includes("after="));
  expect(follows.slice(0, 4).map((path) => new URL(path, server.url).searchParams.get("after"))).toEqual([
    one.id,
    one.id,
    two.id,
    three.id,
  ]);
}, 20_000);
