// `runner webhooks` as a process, against the API of a server whose deliveries are only noted.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import type { Listening } from "../../../src/server/server.ts";
import { createServer } from "../../../src/server/server.ts";
import { declared, EndpointBench, minimal } from "../../fixtures/harness/endpoint-bench.ts";
import type { EndpointDesk } from "../../../src/engine/engine.ts";
import { createFakeEngine, token } from "../server/fake-engine.ts";
import { makeHome, runCli } from "./spawn-cli.ts";

let home: Awaited<ReturnType<typeof makeHome>>;
let listening: Listening;
let bench: EndpointBench;
let desk: EndpointDesk;

beforeEach(async () => {
  home = await makeHome();
  bench = new EndpointBench();
  desk = bench.desk(await bench.open([declared("ci")]));
  const server = createServer({ engine: createFakeEngine({ endpoints: desk }), token, publicUrl: null });
  listening = await server.listen({ host: "127.0.0.1", port: 0 });
});
afterEach(async () => {
  await listening.stop(1000);
  await home.remove();
});

async function webhooks(...args: readonly string[]) {
  const env = { RUNNER_SERVER: listening.url, RUNNER_TOKEN: token };
  return await runCli(["webhooks", ...args], { cwd: home.dir, env });
}

async function makeOne(fields: object = {}): Promise<string> {
  return (await desk.create({ ...minimal, ...fields })).endpoint.id;
}

describe("add", () => {
  test("prints the secret alone on standard output, and all else beside it", async () => {
    const args = ["--events", "run.*, foo.bar", "--header", "X-A: b: c", "--pipeline", "deploy", "--retry", "1s,2m"];
    const { code, stdout, stderr } = await webhooks("add", "https://example.org/hook", ...args, "--rate-limit", "60");
    const [, made] = desk.list();
    expect([code, made?.endpoint]).toMatchObject([
      0,
      {
        url: "https://example.org/hook",
        events: ["run.*", "foo.bar"],
        headers: { "X-A": "b: c" },
        pipelines: ["deploy"],
        retryDelaysMs: [1000, 120_000],
        ratePerMinute: 60,
      },
    ]);
    expect(stdout).toMatch(/^whsec_[A-Za-z0-9+/]{43}=\n$/);
    expect(stderr).toContain(`endpoint ${made?.endpoint.id} made`);
    expect(stderr).toContain("warning: foo.bar matches no event that is known");
    expect(stderr).not.toContain("whsec_");
  });

  test("hands a reference on as it is, for the server to read", async () => {
    const { code, stdout } = await webhooks("add", minimal.url, "--events", "*", "--secret", "env:HOOK", "--json");
    expect([code, JSON.parse(stdout)]).toMatchObject([0, { secret: "env:HOOK", events: ["*"] }]);
  });

  test("needs an address and events, and tells every problem that the server finds", async () => {
    expect(await webhooks("add")).toMatchObject({ code: 2, stderr: expect.stringContaining("the address is missing") });
    expect(await webhooks("add", minimal.url)).toMatchObject({
      code: 2,
      stderr: expect.stringContaining("which events"),
    });
    const { code, stderr } = await webhooks("add", "ftp://x", "--events", "a", "--header", "Host: x");
    expect(code).toBe(65);
    for (const field of ["url", "events[0]", "headers.Host"]) expect(stderr).toContain(field);
    expect((await webhooks("add", minimal.url, "--events", "*", "--header", "none")).code).toBe(2);
    expect((await webhooks("add", minimal.url, "--events", "*", "--rate-limit", "many")).code).toBe(2);
  });
});

test("list and show say what is there and what is wrong with it", async () => {
  const id = await makeOne({ headers: { Authorization: "hunter2" }, description: "mine" });
  const list = await webhooks();
  expect(list.stdout.split("\n").map((line) => line.split(/ +/))).toEqual([
    ["ID", "STATE", "EVENTS", "URL"],
    ["ep_ci", "on", "run.failed", "https://example.org/hook"],
    [id, "on", "run.failed", "https://example.org/hook"],
    [""],
  ]);
  await desk.change(id, { enabled: false });
  const { stdout } = await webhooks("show", id);
  expect(stdout).toMatch(/state +off\n/);
  expect(stdout).toMatch(/header +Authorization: \*{8}\n/);
  expect(stdout).toMatch(/attempts +7, after 0s, 1m, 5m, 30m, 2h, 8h, 1d\n/);
  expect(JSON.parse((await webhooks("list", "--json")).stdout)).toMatchObject({ webhooks: [{ id: "ep_ci" }, { id }] });
  expect(await webhooks("show", "ep_never")).toMatchObject({ code: 66 });
});

test("set changes what is given, and keeps the headers that are not named", async () => {
  const id = await makeOne({ headers: { Authorization: "hunter2", "X-Old": "1" }, when: "true" });
  const args = ["--disable", "--header", "X-New: 2", "--header", "x-old:", "--when", ""];
  const { code } = await webhooks("set", id, ...args);
  const { endpoint } = desk.get(id);
  expect([code, endpoint]).toMatchObject([0, { enabled: false, when: null, events: ["run.failed"] }]);
  expect(endpoint.headers).toEqual({ Authorization: "hunter2", "X-New": "2" });
  expect(await webhooks("set", id)).toMatchObject({
    code: 2,
    stderr: expect.stringContaining("nothing is to be changed"),
  });
  expect(await webhooks("set", id, "--secret", "x")).toMatchObject({ code: 2 });
  expect(await webhooks("set", id, "--enable", "--disable")).toMatchObject({ code: 2 });
  const refused = await webhooks("set", "ep_ci", "--disable");
  expect([refused.code, refused.stderr]).toEqual([65, expect.stringContaining("[[webhooks]]")]);
});

test("remove removes it, and what is asked of it then is answered with that", async () => {
  const id = await makeOne();
  expect(await webhooks("remove", id)).toMatchObject({ code: 0, stdout: `endpoint ${id} removed\n` });
  expect(await webhooks("retry", id, "dlv_1")).toMatchObject({
    code: 65,
    stderr: expect.stringContaining("ENDPOINT_GONE"),
  });
});

test("rotate-secret prints the new secret, and how long the old one counts", async () => {
  const id = await makeOne();
  const { stdout, stderr } = await webhooks("rotate-secret", id);
  expect(stdout).toMatch(/^whsec_\S+\n$/);
  expect(stderr).toContain("the old one counts until 1970-01-02T00:16:40.000Z");
  const own = await webhooks("rotate-secret", id, "--secret", "of my own, and long", "--keep-old-for", "0s", "--json");
  expect(JSON.parse(own.stdout)).toMatchObject({ secret: "of my own, and long", previous_secret_until: null });
});

test("test sends a sample, and ends with 1 where it was not taken", async () => {
  const { code, stdout } = await webhooks("test", "ep_ci", "migration.completed");
  expect([code, stdout]).toEqual([0, "migration.completed answered 200\ndelivery dlv_1, delivered\n"]);
  await webhooks("test", "ep_ci");
  expect(bench.deliveries.asked).toMatchObject([
    ["send", "ep_ci", { type: "migration.completed" }],
    ["send", "ep_ci", { type: "run.completed" }],
  ]);
  bench.deliveries.status = "pending";
  expect((await webhooks("test", "ep_ci")).code).toBe(1);
});

test("deliveries are a table, and one of them shows its attempts", async () => {
  const { stdout } = await webhooks("deliveries", "ep_ci", "--status", "failed", "--limit", "3");
  expect(stdout.split("\n")[1]).toMatch(/^\d+ d +dlv_1 +run\.failed +delivered +1 +-$/);
  expect(bench.deliveries.asked).toEqual([["list", "ep_ci", { limit: 3, status: "failed" }]]);
  const whole = await webhooks("deliveries", "ep_ci", "dlv_1");
  expect(whole.stdout).toContain("answered 200\n  x-runner-signature: ********\nok\n");
  expect(await webhooks("deliveries", "ep_ci", "dlv_2")).toMatchObject({ code: 66 });
});

test("retry and recover send again", async () => {
  expect((await webhooks("retry", "ep_ci", "dlv_1")).stdout).toBe("delivery dlv_1 is sent again\n");
  expect((await webhooks("recover", "ep_ci", "--since", "2026-02-02T00:00:00Z")).stdout).toBe(
    "3 deliveries are sent again\n",
  );
  const before = Date.now();
  await webhooks("recover", "ep_ci", "--since", "2d");
  const [first, second] = bench.deliveries.asked as [string, string, number][];
  expect(first).toEqual(["recover", "ep_ci", Date.UTC(2026, 1, 2)]);
  expect((second?.[2] ?? 0) - (before - 2 * 86_400_000)).toBeWithin(0, 20_000);
  for (const since of [[], ["--since", "soon"]]) {
    expect((await webhooks("recover", "ep_ci", ...since)).code).toBe(2);
  }
});

test("another action than those there are is refused, with their names", async () => {
  const { code, stderr } = await webhooks("ls");
  expect([code, stderr]).toEqual([2, expect.stringContaining("rotate-secret")]);
});

test.each<[readonly string[], string]>([
  [["list", "ep_ci"], 'list takes no "ep_ci"'],
  [["remove", "ep_ci", "--disable"], "remove takes no --disable"],
  [["show", "ep_ci", "dlv_1"], 'show takes no "dlv_1"'],
  [["deliveries", "ep_ci", "--since", "2d"], "deliveries takes no --since"],
  [["set", "ep_ci", "--disable", "--limit", "3"], "set takes no --limit"],
])("%j is refused, and nothing is done", async (words, message) => {
  const { code, stderr } = await webhooks(...words);
  expect([code, stderr]).toEqual([2, expect.stringContaining(`error: runner webhooks ${message} (USAGE)`)]);
  expect((await webhooks("show", "ep_ci", "--json")).stdout).toContain('"enabled":true');
});
