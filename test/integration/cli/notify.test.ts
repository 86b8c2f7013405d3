// `runner notify` as a process, against the API of a server whose deliveries are only noted.

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { createServer, type Listening } from "../../../src/server/server.ts";
import { FakeDeliveries } from "../../fixtures/harness/endpoint-bench.ts";
import { createFakeEngine, fakeTargets, token } from "../server/fake-engine.ts";
import { makeHome, runCli } from "./spawn-cli.ts";

let home: Awaited<ReturnType<typeof makeHome>>;
let listening: Listening;
let deliveries: FakeDeliveries;

beforeEach(async () => {
  home = await makeHome();
  deliveries = new FakeDeliveries();
  const engine = createFakeEngine({ targets: fakeTargets(deliveries) });
  listening = await createServer({ engine, token, publicUrl: null }).listen({ host: "127.0.0.1", port: 0 });
});
afterEach(async () => {
  await listening.stop(1000);
  await home.remove();
});

async function notify(...args: readonly string[]) {
  const env = { RUNNER_SERVER: listening.url, RUNNER_TOKEN: token };
  return await runCli(["notify", ...args], { cwd: home.dir, env });
}

test("list names the targets, and test says what came of one", async () => {
  expect((await notify("list")).stdout).toMatch(/^NAME +TYPE\nops +ntfy\n$/);
  expect(JSON.parse((await notify("list", "--json")).stdout)).toEqual({ targets: [{ name: "ops", type: "ntfy" }] });
  expect(await notify("test", "ops")).toMatchObject({ code: 0, stdout: "ops has taken it (200, 5 ms)\n" });
  expect(await notify("test")).toMatchObject({ code: 2, stderr: expect.stringContaining("runner notify test TARGET") });
});

describe("deliveries", () => {
  test("are a table of those to the target", async () => {
    const { stdout } = await notify("deliveries", "ops", "--status", "failed", "--limit", "3");
    expect(stdout.split("\n")[1]).toMatch(/^\d+ d +dlv_1 +run\.failed +delivered +1 +-$/);
    expect(deliveries.asked).toEqual([["list", "tgt_ops", { limit: 3, status: "failed" }]]);
    const { stdout: json } = await notify("deliveries", "ops", "--json");
    expect(JSON.parse(json)).toMatchObject({ deliveries: [{ endpoint_id: "tgt_ops" }], next_cursor: null });
  });

  test("show their attempts one by one", async () => {
    const { stdout } = await notify("deliveries", "ops", "dlv_1");
    expect(stdout).toMatch(/^delivery +dlv_1\nto +tgt_ops\n/);
    expect(stdout).toContain("answered 200\n  x-runner-signature: ********\nok\n");
    expect(await notify("deliveries", "ops", "dlv_2")).toMatchObject({ code: 66 });
  });
});

test("retry and recover send again", async () => {
  expect((await notify("retry", "ops", "dlv_1")).stdout).toBe("delivery dlv_1 is sent again\n");
  const recovered = await notify("recover", "ops", "--since", "2026-02-02T00:00:00Z", "--json");
  expect(JSON.parse(recovered.stdout)).toEqual({ recovered: 3 });
  expect(deliveries.asked).toEqual([["recover", "tgt_ops", Date.UTC(2026, 1, 2)]]);
});

test.each<[readonly string[], number, string]>([
  [["deliveries", "opps"], 66, "TARGET_NOT_FOUND"],
  [["retry", "opps", "dlv_1"], 66, "TARGET_NOT_FOUND"],
  [["recover", "opps", "--since", "2d"], 66, "TARGET_NOT_FOUND"],
  [["deliveries"], 2, "runner notify deliveries TARGET [DELIVERY]"],
  [["retry", "ops"], 2, "runner notify retry TARGET DELIVERY"],
  [["recover", "ops"], 2, "runner notify recover TARGET --since 2d"],
  [["recover", "ops", "dlv_1", "--since", "2d"], 2, 'runner notify recover takes no "dlv_1"'],
  [["list", "ops"], 2, 'runner notify list takes no "ops"'],
  [["test", "ops", "--since", "2d"], 2, "runner notify test takes no --since"],
  [["tell", "ops"], 2, "recover"],
])("%j ends with %i, and nothing is sent", async (words, code, message) => {
  expect(await notify(...words)).toMatchObject({ code, stderr: expect.stringContaining(message) });
  expect(deliveries.asked).toEqual([]);
});
