// Past runs as tools, by the binary: run again from a step, replayed with no effect, and pipelines' own tests.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunJson } from "../../src/core/run-json.ts";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { runBinary } from "../fixtures/harness/run-binary.ts";
import { Workspace } from "../fixtures/harness/workspace.ts";

const root = join(import.meta.dir, "../..");

const script = (mark: string): string => `export const pipeline = async () => {
  console.log("begins", Math.random());
  const build = await runtime.run({ name: "build", command: "echo build >> ${mark}; echo built" });
  const limit = setTimeout(() => {}, 60_000);
  const deploy = await runtime.run({ name: "deploy", command: "echo deploy >> ${mark}; [ -e ${mark}.ok ]", env: { OUT: build.stdout } });
  clearTimeout(limit);
  console.log("deployed with", deploy.code);
  if (deploy.code !== 0) throw new Error("deploy failed");
  return { by: pipelineContext.triggeredBy, rerun: pipelineContext.rerunOf !== null };
};
`;

let server: BinaryServer;
let workspace: Workspace;
let mark: string;
let failed: RunJson;

beforeAll(async () => {
  workspace = new Workspace({
    "slow.ts": `export const pipeline = () => sleep("1h");`,
    "careless.ts": "export const pipeline = () => 'runs';\nexport const tests = { a: () => 1 };",
  });
  mark = workspace.path("mark");
  workspace.save("deploy.ts", script(mark));
  server = await BinaryServer.start({ workspace });
  const { stdout, code } = await runner("trigger", "deploy", "--json");
  failed = JSON.parse(stdout) as RunJson;
  expect([code, failed.status]).toEqual([1, "failed"]);
});
afterAll(async () => {
  await server.stop();
  await workspace.remove();
});

async function runner(...args: readonly string[]) {
  return await runBinary(workspace, args);
}

function marks(): readonly string[] {
  return workspace.lines("mark");
}

describe("runner replay", () => {
  test("shows a run again, the same and without an effect", async () => {
    const before = marks();
    const { code, stdout, stderr } = await runner("replay", failed.id);
    expect(stdout).toMatch(
      /^begins 0\.\d+\n#1 step build → exit code 0 deploy.ts:3\n#2 timer setTimeout → no answer deploy.ts:4\n/,
    );
    expect(stdout).toEndWith("deployed with 1\nfailed deploy.ts:8: deploy failed (SCRIPT_ERROR)\n");
    expect(stderr).toBe(`run ${failed.id}: identical, 4 host calls\n`);
    expect(code).toBe(0);
    expect(marks()).toEqual(before);
  });

  test("shows where a changed script differs, by its line, and exits with 1", async () => {
    const changed = script(mark).replace('name: "deploy"', 'name: "deploy-all"').replace("echo built", "echo Built");
    writeFileSync(workspace.path("changed.ts"), changed);
    const { code, stdout, stderr } = await runner("replay", failed.id, "--script", "changed.ts");
    expect(code).toBe(1);
    expect(stdout).toContain('differs at call 1, step "build" (changed.ts:3)\n  command: recorded "');
    expect(stdout).toContain(
      'differs at call 3 (changed.ts:5)\n  recorded: step "deploy"\n  now:      step "deploy-all"\n',
    );
    expect(stderr).toContain("2 differences");
    const json = await runner("replay", failed.id, "--script", "changed.ts", "--json");
    expect(JSON.parse(json.stdout)).toMatchObject({
      run_id: failed.id,
      identical: false,
      differences: [{ type: "arguments" }, { type: "call", number: 3, place: { file: "changed.ts", line: 5 } }],
    });
  });

  test("of a script that would have gone on shows what it would have done", async () => {
    writeFileSync(workspace.path("kind.ts"), script(mark).replace('throw new Error("deploy failed")', 'return "kind"'));
    const { code, stdout } = await runner("replay", failed.id, "--script", "kind.ts");
    expect(code).toBe(1);
    expect(stdout).toContain("differs at the end\n  recorded: failed deploy.ts:8: deploy failed (SCRIPT_ERROR)\n");
    expect(stdout).toContain('  now:      succeeded "kind"\n');
  });

  test("says what is wrong with a script, and with the name of a run", async () => {
    writeFileSync(workspace.path("broken.ts"), "export const pipeline = () => {\n  let x = ;\n};");
    const broken = await runner("replay", failed.id, "--script", "broken.ts");
    expect([broken.code, broken.stderr]).toEqual([65, expect.stringContaining("broken.ts:2")]);
    expect((await runner("replay", "0192f0c0-0000-7000-8000-000000000009")).code).toBe(66);
  });
});

describe("runner rerun", () => {
  test("--from a step that failed goes on there, with what came before", async () => {
    writeFileSync(`${mark}.ok`, "");
    const before = marks();
    const { code, stdout, stderr } = await runner("rerun", failed.id, "--from", "deploy");
    expect(stdout).toMatch(/^begins 0\.\d+\nbuilt\ndeployed with 0\nresult: {"by":"manual","rerun":true}\n$/);
    expect(stderr).toContain(`goes on from step "deploy" (3) of run ${failed.id}`);
    expect(code).toBe(0);
    expect(marks()).toEqual([...before, "deploy"]);
    const list = JSON.parse((await runner("runs", "--json")).stdout) as { runs: RunJson[] };
    const [again] = list.runs;
    expect(again).toMatchObject({ trigger: "rerun", triggered_by: "manual", rerun_of: failed.id });
    expect((await runner("replay", again?.id ?? "")).code).toBe(0);
  });

  test("without one begins anew, with the same seed", async () => {
    const before = marks();
    const [first, again] = [await runner("logs", failed.id), await runner("rerun", failed.id)];
    expect(again.stdout.split("\n")[0]).toBe(first.stdout.split("\n")[0] ?? "");
    expect(marks()).toEqual([...before, "build", "deploy"]);
  });

  test("says what there is to choose from, and refuses a run that has not ended", async () => {
    const unknown = await runner("rerun", failed.id, "--from", "dploy");
    expect([unknown.code, unknown.stderr]).toEqual([66, expect.stringContaining('did you mean "deploy"?')]);
    const { stdout } = await runner("trigger", "slow", "--no-follow");
    const refused = await runner("rerun", stdout.trim());
    expect([refused.code, refused.stderr]).toEqual([65, expect.stringContaining("only a run that has ended")]);
    await runner("cancel", stdout.trim());
  });
});

test("a journal over HTTP has a record in each line, up to its end", async () => {
  const headers = { authorization: `Bearer ${server.token}` };
  const answer = await fetch(`${server.url}/api/runs/${failed.id}/journal`, { headers });
  const records = (await answer.text()).trimEnd().split("\n");
  const types = records.map((line) => (JSON.parse(line) as { type: string }).type);
  expect(types).toEqual(["run", "call", "delivery", "call", "call", "delivery", "call", "end"]);
  expect((await fetch(`${server.url}/api/runs/${failed.id}/journal`)).status).toBe(401);
});

test("runner replay --database reads a run where no server is, and changes no byte there", async () => {
  await server.stop();
  const files = (): readonly string[] => readdirSync(workspace.dataDir).toSorted();
  const bytes = (): string => Bun.hash(readFileSync(join(workspace.dataDir, "runner.db"))).toString();
  const before = [files(), bytes(), marks()];
  const { code, stderr } = await runner("replay", failed.id, "--database", "data/runner.db");
  expect([code, stderr]).toEqual([0, `run ${failed.id}: identical, 4 host calls\n`]);
  expect([files(), bytes(), marks()]).toEqual(before);
  expect((await runner("replay", failed.id, "--database", "nope.db")).code).toBe(66);
  server = await BinaryServer.start({ workspace });
});

describe("runner test", () => {
  test("passes the tests of the examples", async () => {
    const { code, stdout } = await runBinary(workspace, ["test", "--json"], { cwd: root });
    const report = JSON.parse(stdout) as {
      passed: number;
      failed: number;
      results: { name: string; passed: boolean; warnings: string[] }[];
    };
    expect(report.results.filter(({ passed, warnings }) => !passed || warnings.length > 0)).toEqual([]);
    expect([code, report.failed]).toEqual([0, 0]);
    expect(report.passed).toBeGreaterThanOrEqual(8);
  });

  const tested = `export const pipeline = async () => {
  console.log("so far");
  const build = await runtime.run({ name: "build", command: "touch ${"built"}" });
  if (build.code !== 0) throw new Error("build failed");
  return build.stdout;
};
export const tests = {
  "succeeds": { steps: { build: "out" }, expect: { result: "out" } },
  "is forgotten": { steps: { biuld: 0 } },
  "expects too much": { steps: { build: 1 } },
};
`;

  test("tells what failed and what to write, and exits with 1", async () => {
    writeFileSync(workspace.path("tested.ts"), tested);
    const { code, stdout } = await runner("test", "tested.ts");
    expect(stdout.replaceAll(/ \d+(\.\d+)? m?s$/gm, "")).toBe(
      [
        "tested.ts",
        "  ✓ succeeds",
        "  ✗ is forgotten",
        '      step "build" has no answer in this test (tested.ts:3)',
        '      hint: write steps: { "build": { code: 0, stdout: "" } }, and not "biuld"',
        '      warning: steps: "biuld" was never called',
        "      │ so far",
        "  ✗ expects too much",
        "      status: expected succeeded, got failed (SCRIPT_ERROR: build failed) (tested.ts:4)",
        "      │ so far",
        "",
        "1 passed, 2 failed",
        "",
      ].join("\n"),
    );
    expect(code).toBe(1);
    expect(readdirSync(workspace.dir)).not.toContain("built");
  });

  test("-t takes the tests of a name, and says so where there are none", async () => {
    const { code, stdout } = await runner("test", "tested.ts", "-t", "^succ");
    expect([code, stdout.includes("1 passed, 0 failed")]).toEqual([0, true]);
    const none = await runner("test", "tested.ts", "-t", "nothing");
    expect([none.code, none.stderr]).toEqual([1, "no test matches nothing\n"]);
    expect((await runner("test", "tested.ts", "-t", "(")).code).toBe(2);
  });

  test("of what is no data, no test, no file and no good script say where", async () => {
    writeFileSync(
      workspace.path("function.ts"),
      "export const pipeline = () => 1;\nexport const tests = { a: { steps: { b: () => 1 } } };",
    );
    const noData = await runner("test", "function.ts");
    expect([noData.code, noData.stdout]).toEqual([1, expect.stringContaining("a.steps.b is a function")]);
    writeFileSync(workspace.path("untested.ts"), "export const pipeline = () => 1;");
    const untested = await runner("test", "untested.ts");
    expect([untested.code, untested.stdout]).toEqual([1, expect.stringContaining("the file exports none")]);
    expect((await runner("test", "missing.ts")).code).toBe(66);
    expect((await runner("test", "missing")).code).toBe(66);
    workspace.save("bad.ts", "export const pipeline = () => {\n  let x = ;\n};");
    const bad = await runner("test", "bad");
    expect([bad.code, bad.stdout]).toEqual([1, expect.stringContaining("bad.ts:2")]);
  });

  test("tests that are wrong do not keep a pipeline from being in force", async () => {
    const { code, stdout } = await runner("trigger", "careless");
    expect([code, stdout]).toEqual([0, 'result: "runs"\n']);
  });
});
