// The commands that need no server, as processes: `check`, `run`, `config`, `version`, help and usage errors.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import packageFile from "../../../package.json" with { type: "json" };
import { fakeMain, makeHome, runCli, spawnCli, type CliResult } from "./spawn-cli.ts";

let home: Awaited<ReturnType<typeof makeHome>>;

beforeEach(async () => {
  home = await makeHome();
});

afterEach(() => home.remove());

const run = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<CliResult> =>
  runCli(args, { cwd: home.dir, env, main: fakeMain });

const problem = { file: "home/a.ts", line: 3, column: 7, severity: "error", message: "no export", hint: "add one" };

test("check prints each problem as file:line:column message and exits with 65", async () => {
  const problems = [
    problem,
    { ...problem, line: null, column: null, severity: "warning", message: "\u001Bodd", hint: null },
  ];
  const { code, stdout, stderr } = await run(["check"], { FAKE_PROBLEMS: JSON.stringify(problems) });
  expect(stdout).toBe("pipelines/home/a.ts:3:7 no export\n  hint: add one\npipelines/home/a.ts warning: \uFFFDodd\n");
  expect(stderr).toBe("1 pipeline, 1 error\n");
  expect(code).toBe(65);
});

test("check exits with 0 when there are only warnings", async () => {
  const { code, stderr } = await run(["check"], {
    FAKE_PROBLEMS: JSON.stringify([{ ...problem, severity: "warning" }]),
  });
  expect([code, stderr]).toEqual([0, "1 pipeline ok, 1 warning\n"]);
});

test("check --json prints one line and keeps the exit code", async () => {
  const { code, stdout } = await run(["check", "--json"], { FAKE_PROBLEMS: JSON.stringify([problem]) });
  expect(stdout.endsWith("}\n")).toBe(true);
  const pipelines = [{ id: "deploy", file: "deploy.ts", state: "ok" }];
  expect(JSON.parse(stdout)).toEqual({ pipelines, problems: [problem] });
  expect(code).toBe(65);
});

test("run executes a file with its input, prints its log and result, and exits with 0", async () => {
  await mkdir(join(home.dir, "my"));
  await writeFile(join(home.dir, "my/deploy.ts"), "");
  const args = ["run", "my/deploy.ts", "--param", "a=1", "--arg", "x", "--database", "kept.db"];
  const { code, stdout, stderr } = await run(args);
  const [first = "", ...rest] = stdout.split("\n");
  expect(JSON.parse(first)).toEqual({
    target: join(home.dir, "my/deploy.ts"),
    params: { a: "1" },
    args: ["x"],
    database: join(home.dir, "kept.db"),
  });
  expect(rest).toEqual(["half a line", 'result: {"n":1}', ""]);
  expect(stderr).toBe(`pipelines ${home.dir}/pipelines\nrun r succeeded after 1.5 s\n`);
  expect(code).toBe(0);
});

test("run takes a pipeline's name as it is, and exits with 1 when the run fails", async () => {
  const { code, stdout, stderr } = await run(["run", "failing"]);
  expect(stdout).toContain('"target":"failing"');
  expect(stderr).toContain("error: a.ts:3: boom (SCRIPT_ERROR)\nhint: fix it\n");
  expect(code).toBe(1);
});

test("run tells once how the run failed", async () => {
  const { stderr } = await run(["run", "failing"], { FAKE_LAST_ENTRY: "failed: boom (a.ts:3) — fix it" });
  expect(stderr.match(/boom/g)).toHaveLength(1);
});

test("run of a file that does not exist says so and exits with 66", async () => {
  const { code, stdout, stderr } = await run(["run", "nope.ts"]);
  expect([code, stdout]).toEqual([66, ""]);
  expect(stderr).toStartWith(`error: the file ${home.dir}/nope.ts does not exist (NOT_FOUND)\n`);
});

test("run of what is no file says so and exits with 66", async () => {
  await mkdir(join(home.dir, "folder.ts"));
  const { code, stderr } = await run(["run", "folder.ts"]);
  expect([code, stderr]).toEqual([66, `error: ${home.dir}/folder.ts is not a file (NOT_FOUND)\n`]);
});

test("run of a pipeline with its extension, from outside its folder, says how to name it", async () => {
  await mkdir(join(home.dir, "pipelines/home"), { recursive: true });
  await writeFile(join(home.dir, "pipelines/home/backup.ts"), "");
  const { code, stderr } = await run(["run", "home/backup.ts"]);
  expect(code).toBe(66);
  expect(stderr).toContain("hint: write `home/backup` for the pipeline, or `pipelines/home/backup.ts` for its file\n");
});

test("run --json prints only the finished run, in the shape of the API", async () => {
  const { stdout } = await run(["run", "deploy", "--json"]);
  expect(JSON.parse(stdout)).toEqual({
    id: "r",
    pipeline: "deploy",
    trigger: "manual",
    status: "succeeded",
    created_at: "1970-01-01T00:00:00.000Z",
    started_at: "1970-01-01T00:00:00.000Z",
    finished_at: "1970-01-01T00:00:01.500Z",
    result: { n: 1 },
    rerun_of: null,
    triggered_by: "manual",
    parent: null,
    after: null,
    scheduled_at: null,
    wake_at: null,
    error: null,
    steps: [],
    jobs: [],
    artifacts: [],
  });
});

test("Ctrl-C cancels a run of this process and waits for its end", async () => {
  const cli = spawnCli(["run", "slow"], { cwd: home.dir, main: fakeMain });
  await cli.waitFor("pipelines ");
  cli.kill("SIGINT");
  expect(await cli.finish()).toBe(130);
  expect(cli.stderr()).toContain("run r cancelled");
});

test("config prints each value with its origin and never the token", async () => {
  await writeFile(join(home.dir, "runner.toml"), '# comment\nhost = "0.0.0.0"\n');
  const env = { RUNNER_TOKEN: "very-secret", RUNNER_PORT: "9000" };
  const { code, stdout, stderr } = await run(["config", "--webhook-timeout", "1500ms"], env);
  const rows = Object.fromEntries(
    stdout
      .trimEnd()
      .split("\n")
      .map((line) => [line.split(" ")[0], line.split(/ {2,}/).slice(1)]),
  );
  expect(rows).toMatchObject({
    host: ["0.0.0.0", "runner.toml:2"],
    port: ["9000", "RUNNER_PORT"],
    webhook_timeout: ["1500ms", "--webhook-timeout"],
    storage: [`sqlite://${home.dir}/data/runner.db`, "default"],
    token: ["********", "RUNNER_TOKEN"],
  });
  expect(stdout).not.toContain("very-secret");
  expect([code, stderr]).toEqual([0, ""]);
});

test("config --json masks the token as well", async () => {
  const { stdout } = await run(["config", "--json"], { RUNNER_TOKEN: "very-secret" });
  expect(JSON.parse(stdout)).toMatchObject({
    port: { value: 8080, source: "default", name: "default" },
    webhook_timeout: { value: 5000 },
    token: { value: "********", source: "environment", name: "RUNNER_TOKEN" },
  });
  expect(stdout).not.toContain("very-secret");
});

test("another program's RUNNER_ variable is a warning and no error", async () => {
  const { code, stderr } = await run(["config", "--json"], { RUNNER_SOMETHING_ELSE: "1", RUNNER_OS: "Linux" });
  expect(code).toBe(0);
  expect(stderr).toBe("warning: RUNNER_SOMETHING_ELSE is set and is not a setting of runner: it has no effect\n");
});

test("version prints the version of package.json", async () => {
  expect((await run(["version"])).stdout).toStartWith(`runner ${packageFile.version} (bun `);
  expect(JSON.parse((await run(["version", "--json"])).stdout)).toMatchObject({ version: packageFile.version });
});

test("bare runner prints help on stderr and exits with 2; --help prints it on stdout and exits with 0", async () => {
  const bare = await run([]);
  expect([bare.code, bare.stdout]).toEqual([2, ""]);
  const asked = await run(["--help"]);
  expect([asked.code, asked.stderr]).toEqual([0, ""]);
  expect(asked.stdout).toBe(bare.stderr);
  for (const name of ["init", "serve", "trigger", "run", "runs", "logs", "cancel", "check", "config", "version"]) {
    expect(asked.stdout).toContain(`\n  ${name}`);
  }
  expect(asked.stdout).toEndWith(
    "\n\nStart with: runner init && runner serve, then in another terminal: runner trigger hello\n" +
      "Settings: runner serve --help, runner config\n",
  );
  expect((await run(["check", "--help"])).stdout).not.toContain("Start with");
  expect((await run(["run", "--help"])).stdout).toContain("no notification of it is sent");
});

test.each([
  [["confg"], "Did you mean config?"],
  [["serve", "--prot", "1"], "Did you mean --port?"],
  [["trigger"], "missing required argument"],
  [["cancel", "a", "b"], "too many arguments"],
])("%j is a usage error on stderr with exit code 2", async (args, message) => {
  const { code, stdout, stderr } = await run(args);
  expect([code, stdout]).toEqual([2, ""]);
  expect(stderr).toContain(message);
  expect(stderr).toContain("(USAGE)\nhint: ");
});

test("what a command does not take leads to its own help", async () => {
  const { code, stderr } = await run(["webhooks", "rm"]);
  expect([code, stderr.split("\n")[1]]).toEqual([2, "hint: `runner webhooks --help` tells what it takes"]);
});

test("serve --help names every setting that has a flag", async () => {
  const { stdout } = await run(["server", "--help"]);
  for (const flag of ["--config", "--pipelines", "--data-dir", "--storage", "--webhook-timeout", "--stop-steps"]) {
    expect(stdout).toContain(flag);
  }
});
