// `runner check FILE` as a process: the server says what is wrong with a file.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { startFakeServer, type FakeServer } from "./fake-server.ts";
import { makeHome, runCli, type SpawnOptions } from "./spawn-cli.ts";

let home: Awaited<ReturnType<typeof makeHome>>;
let server: FakeServer;
let options: SpawnOptions;

beforeEach(async () => {
  home = await makeHome();
  server = startFakeServer();
  options = { cwd: home.dir, env: { RUNNER_SERVER: server.url, RUNNER_TOKEN: server.token } };
  await writeFile(join(home.dir, "draft.ts"), "bad");
  await writeFile(join(home.dir, "good.ts"), "good");
});
afterEach(async () => {
  await server.stop();
  await home.remove();
});

test("a file that would not be taken is told with its places as it is named here, and exits with 65", async () => {
  const answer = await runCli(["check", "draft.ts", "--name", "deploy"], options);
  expect(answer).toEqual({
    code: 65,
    stdout: "draft.ts:2:5 no \uFFFDexport\n  hint: add one\n",
    stderr: "1 pipeline, 1 error\n",
  });
  const body = { source: "bad", extension: ".ts" };
  expect(server.requests).toEqual([{ method: "POST", path: "/api/pipelines/deploy/check", body }]);
});

test("a file that would be taken exits with 0", async () => {
  expect(await runCli(["check", "good.ts"], options)).toEqual({ code: 0, stdout: "", stderr: "1 pipeline ok\n" });
  const { code, stdout } = await runCli(["check", "good.ts", "--json"], options);
  expect([code, JSON.parse(stdout)]).toEqual([0, { ok: true, problems: [] }]);
});
