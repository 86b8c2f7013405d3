// Commands that need no server: run, check, config, version.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunJson } from "../../src/core/run-json.ts";
import { runBinary } from "../fixtures/harness/run-binary.ts";
import { Workspace } from "../fixtures/harness/workspace.ts";

const steps = `export const config = { params: { who: { type: "string", default: "world" } } };
export const pipeline = async () => {
  console.log("hello", pipelineContext.params.who);
  const { code } = await runtime.run({ name: "step", command: "echo from the step; exit 4" });
  return { code, args: pipelineContext.args, request: http.request() === undefined, runs: storage.get("runs") ?? 0 };
};`;

let workspace: Workspace;
beforeAll(() => {
  workspace = new Workspace({
    "good.ts": steps,
    "bad/syntax.ts": "export const pipeline = () => {\n  let x = ;\n};",
    "bad/none.ts": "export const run = 1;",
    "bad/field.ts": `export const config = {\n  schedul: "0 3 * * *",\n};\nexport const pipeline = () => 1;`,
    "bad/escape.ts": `import secrets from "../../../outside.ts";\nexport const pipeline = () => secrets;`,
    "bad/built-in.ts": `import { readFileSync } from "node:fs";\nexport const pipeline = () => readFileSync("/etc/passwd");`,
  });
});
afterAll(async () => {
  await workspace.remove();
});

test("run FILE executes a script without a server, streams it, and exits with the run's code", async () => {
  mkdirSync(workspace.path("scripts"));
  writeFileSync(workspace.path("scripts/one.ts"), steps);
  const { code, stdout } = await runBinary(workspace, ["run", "scripts/one.ts", "--param=who=you", "--arg=a"]);
  expect(code).toBe(0);
  expect(stdout).toBe('hello you\nfrom the step\nresult: {"code":4,"args":["a"],"request":true,"runs":0}\n');
});

test("run FILE leaves nothing behind", () => {
  expect(readdirSync(workspace.dir).toSorted()).toEqual(["pipelines", "scripts"]);
});

test("run NAME executes a pipeline of the folder, and --database keeps the run", async () => {
  const run = ["run", "good", "--database", "kept.db", "--json"];
  const { code, stdout } = await runBinary(workspace, run);
  expect(code).toBe(0);
  expect((JSON.parse(stdout) as RunJson).status).toBe("succeeded");
  expect(readdirSync(workspace.dir)).toContain("kept.db");
});

test("run of a failing script exits with 1 and names file and line", async () => {
  writeFileSync(
    workspace.path("scripts/fails.ts"),
    "export const pipeline = () => {\n  throw new TypeError('no');\n};",
  );
  const { code, stderr } = await runBinary(workspace, ["run", "scripts/fails.ts"]);
  expect(code).toBe(1);
  expect(stderr).toContain("fails.ts:2");
  expect(stderr).toContain("TypeError: no");
});

test("run of what is not there exits with 66", async () => {
  expect((await runBinary(workspace, ["run", "scripts/nothing.ts"])).code).toBe(66);
  expect((await runBinary(workspace, ["run", "nothing"])).code).toBe(66);
});

test("Ctrl-C cancels a local run and ends its step", async () => {
  writeFileSync(
    workspace.path("scripts/long.ts"),
    `export const pipeline = async () => { await runtime.run({ name: "long", command: "echo $$; sleep 60; :" }); };`,
  );
  const { code, stdout } = await runBinary(workspace, ["run", "scripts/long.ts"], {
    onOutput: (written, kill) => {
      if (/^\d+\n/.test(written)) kill("SIGINT");
    },
  });
  expect(code).toBe(130);
  expect(() => process.kill(Number(stdout.split("\n")[0]), 0)).toThrow("ESRCH");
});

test("check prints each problem as file:line:column message and exits with 65", async () => {
  const { code, stdout } = await runBinary(workspace, ["check"]);
  expect(code).toBe(65);
  expect(stdout).toMatch(/^pipelines\/bad\/syntax\.ts:2:\d+ \S/m);
  expect(stdout).toMatch(/^pipelines\/bad\/none\.ts\S* .*pipeline/m);
  expect(stdout).toMatch(/^pipelines\/bad\/field\.ts:2:\d+ .*schedul/m);
  expect(stdout).toMatch(/^pipelines\/bad\/escape\.ts:1:\d+ \S/m);
  expect(stdout).toMatch(/^pipelines\/bad\/built-in\.ts:1:\d+ .*node:fs/m);
  expect(stdout).not.toContain("good.ts");
});

test("check of good pipelines exits with 0", async () => {
  const good = new Workspace({ "good.ts": steps });
  const { code, stdout, stderr } = await runBinary(good, ["check"]);
  await good.remove();
  expect([code, stdout]).toEqual([0, ""]);
  expect(stderr).toContain("1 pipeline ok");
});

test("config shows where each value comes from, and no secret", async () => {
  writeFileSync(workspace.path("runner.toml"), 'port = 9001\nhost = "127.0.0.2"\nwebhook_timeout = "7s"\n');
  const env = { RUNNER_PORT: "9002", RUNNER_TOKEN: "do-not-show-this-token-0000000000" };
  const { code, stdout } = await runBinary(workspace, ["config", "--port=9003", "--json"], { env });
  expect(code).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({
    port: { value: 9003, source: "flag" },
    host: { value: "127.0.0.2" },
    webhook_timeout: { value: 7000 },
    data_dir: { value: join(workspace.dir, "data"), source: "default" },
  });
  expect(stdout).not.toContain(env.RUNNER_TOKEN);
  const text = await runBinary(workspace, ["config"], { env });
  expect(text.stdout).toMatch(/9002.*RUNNER_PORT/);
  expect(text.stdout).toMatch(/127\.0\.0\.2.*runner\.toml/);
  expect(text.stdout).not.toContain(env.RUNNER_TOKEN);
});

test("all problems of the configuration are told at once, with what was probably meant", async () => {
  writeFileSync(workspace.path("runner.toml"), 'prot = 9001\nwebhook_timeout = "soon"\n');
  const { code, stderr } = await runBinary(workspace, ["serve"], { env: { RUNNER_MAX_CONCURRENT_RUNS: "none" } });
  expect(code).toBe(78);
  for (const part of ["prot", '"port"', "soon", "RUNNER_MAX_CONCURRENT_RUNS"]) expect(stderr).toContain(part);
});

test("version, --help and unknown commands", async () => {
  const version = await runBinary(workspace, ["version"]);
  expect([version.code, version.stdout]).toEqual([0, expect.stringMatching(/\d+\.\d+\.\d+/)]);
  const help = await runBinary(workspace, ["--help"]);
  expect(help.code).toBe(0);
  for (const command of ["serve", "trigger", "run", "runs", "logs", "cancel", "check", "config", "version"]) {
    expect(help.stdout).toMatch(new RegExp(`^ +${command}\\b`, "m"));
  }
  expect(help.stdout).not.toContain("sandbox-process");
  const unknown = await runBinary(workspace, ["triger"]);
  expect(unknown.code).toBe(2);
  expect(unknown.stderr).toContain("trigger");
});
