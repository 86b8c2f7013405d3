// `runner compile FILE` as a process: the script on standard output, or what is wrong with the file.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { makeHome, runCli, type SpawnOptions } from "./spawn-cli.ts";

let home: Awaited<ReturnType<typeof makeHome>>;
let options: SpawnOptions;

beforeEach(async () => {
  home = await makeHome();
  options = { cwd: home.dir };
});
afterEach(() => home.remove());

async function compile(name: string, text: string, ...flags: readonly string[]): ReturnType<typeof runCli> {
  await writeFile(join(home.dir, name), text);
  return await runCli(["compile", name, ...flags], options);
}

const good =
  "jbos: 1\njobs:\n  - name: a\n    plan: [{ task: t, config: { platform: linux, run: { path: 'true' } } }]\n";

test("the script is a module that executes the plan in it", async () => {
  const { code, stdout, stderr } = await compile("ci.yml", good);
  expect(code).toBe(0);
  expect(stdout).toStartWith("// Compiled from ci.yml.\n\nexport const config = {");
  expect(stdout).toContain("export const pipeline = () => runPlan(plan);");
  expect(() => new Bun.Transpiler({ loader: "js" }).transformSync(stdout)).not.toThrow();
  expect(stdout).toMatch(/^async function runPlan\(/m);
  expect(stderr).toBe("");
});

test("a key that seems mistyped is told beside the script", async () => {
  const more = "group: []\n";
  const { code, stderr } = await compile("ci.yml", more + good);
  expect([code, stderr.split("\n")[0]]).toEqual([0, "ci.yml:1:1 warning: group is unknown"]);
});

test("every problem is told with its place in the file as it is named here, and the exit code is 65", async () => {
  const { code, stdout } = await compile("ci.yaml", "jobs:\n  - name: a\n    plan: [{ tsak: t }]\n    sreial: true\n");
  expect(code).toBe(65);
  expect(stdout.split("\n").filter((line) => !line.startsWith("  "))).toEqual([
    "ci.yaml:3:12 jobs[0].plan[0] is no step: it has tsak",
    "ci.yaml:4:5 jobs[0].sreial is unknown",
    "",
  ]);
});

test("--json is one line with the code, or with the problems", async () => {
  const compiled = JSON.parse((await compile("ci.yml", good, "--json")).stdout) as Readonly<Record<string, unknown>>;
  expect(compiled).toEqual({ ok: true, code: expect.stringContaining("runPlan(plan)"), problems: [] });
  const { code, stdout } = await compile("ci.yml", "jobs: 3\n", "--json");
  expect([code, JSON.parse(stdout)]).toEqual([
    65,
    { ok: false, code: null, problems: [expect.objectContaining({ file: "ci.yml", line: 1, column: 1 })] },
  ]);
});

test("a script is not compiled", async () => {
  const { code, stderr } = await compile("deploy.ts", "export const pipeline = () => 1;\n");
  expect(code).toBe(65);
  expect(stderr).toContain("deploy.ts is not a YAML file");
});
