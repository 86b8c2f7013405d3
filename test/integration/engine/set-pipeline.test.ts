// Runs that set pipelines, by `setPipeline` and by the step `set_pipeline`, in a real catalog: what comes into force, and
// what stays there where it does not load.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import type { Run } from "../../../src/core/run.ts";
import { EngineHarness } from "../../fixtures/harness/engine-harness.ts";
import { rejection } from "../../unit/store/store-files.ts";

let harness: EngineHarness;
beforeEach(async () => {
  harness = await EngineHarness.open({ takesUploads: true });
});
afterEach(() => harness.close());

const echo = (text: string): string => `jobs:
  - name: say
    plan:
      - task: say
        config: { platform: linux, run: { path: echo, args: ["${text}"] } }
`;

const folder = (): string => harness.path("uploaded");
const files = (): string[] =>
  readdirSync(folder(), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(folder().length + 1))
    .toSorted();

async function trigger(id: string): Promise<Run> {
  return await harness.end((await harness.engine.trigger(id, { params: {}, args: [] })).runId);
}

async function said(id: string): Promise<string> {
  const run = await trigger(id);
  const logs = await harness.logs(run.id);
  return `${run.status}: ${logs.map(({ text }) => text.trimEnd()).join("\n")}`;
}

async function inForce(id: string): Promise<{ readonly state: string; readonly hash: string | undefined }> {
  const { pipeline } = await harness.engine.getPipeline(id);
  return { state: pipeline.state, hash: pipeline.version?.bundle.hash };
}

const set = async (name: string, given: Readonly<Record<string, unknown>>): Promise<Run> =>
  await harness.run(`return await setPipeline(${JSON.stringify(name)}, ${JSON.stringify(given)});`);

test("what is set is in force at once; set again it is unchanged, changed it is updated", async () => {
  const source = echo("((greeting)) all");
  expect(await set("told", { source, vars: { greeting: "hello" } })).toMatchObject({
    status: "succeeded",
    result: { pipeline: "told", change: "created" },
  });
  expect(files()).toEqual(["told.yml"]);
  expect(await said("told")).toBe("succeeded: hello all");
  const { hash } = await inForce("told");
  const { mtimeMs } = statSync(join(folder(), "told.yml"));

  expect(await set("told", { source, vars: { greeting: "hello", other: 1 } })).toMatchObject({
    result: { change: "unchanged" },
  });
  expect(await inForce("told")).toEqual({ state: "ok", hash });
  expect(statSync(join(folder(), "told.yml")).mtimeMs).toBe(mtimeMs);

  expect(await set("told", { source, vars: { greeting: "good bye" } })).toMatchObject({
    result: { change: "updated" },
  });
  expect(await said("told")).toBe("succeeded: good bye all");
});

test("what does not load fails with each problem at its line, and the last good version stays in force", async () => {
  await set("told", { source: echo("good") });
  const before = readFileSync(join(folder(), "told.yml"), "utf8");
  const run = await set("told", {
    source: "jobs:\n  - name: say\n    plan:\n      - tsk: say\n      - get: nothing\n",
  });
  expect(run).toMatchObject({ status: "failed", error: { code: "LOAD_FAILED", hint: 'did you mean "task"?' } });
  expect(run.error?.message).toBe(
    'told.yml does not load: line 4: jobs[0].plan[0] is no step: it has tsk; line 5: jobs[0].plan[1].get names the resource "nothing", which is not there',
  );
  expect(readFileSync(join(folder(), "told.yml"), "utf8")).toBe(before);
  expect((await inForce("told")).state).toBe("ok");
  expect(await said("told")).toBe("succeeded: good");
});

test("a new one that does not load is nowhere", async () => {
  expect((await set("new", { source: "jobs: []\n" })).error?.code).toBe("LOAD_FAILED");
  expect(files()).toEqual([]);
  expect(await rejection(harness.engine.getPipeline("new"))).toMatchObject({ code: "PIPELINE_NOT_FOUND" });
});

test("each set of instance vars is a pipeline of its own", async () => {
  const source = echo("((branch)) of ((team))");
  const names: string[] = [];
  for (const branch of ["main", "feature/x", "feature_x"]) {
    const { result } = await set("app", { source, vars: { team: "us" }, instanceVars: { branch } });
    const { pipeline } = result as { readonly pipeline: string };
    names.push(pipeline);
    expect(await said(pipeline)).toBe(`succeeded: ${branch} of us`);
  }
  expect(names).toEqual([
    "app/branch-main",
    expect.stringMatching(/^app\/branch-feature_x-\w{12}$/),
    "app/branch-feature_x",
  ]);
});

/** Writes the text into an artifact, and sets a pipeline by it. */
const setter = (step: string, text: string): string => `jobs:
  - name: set
    plan:
      - task: write
        config:
          platform: linux
          outputs: [{ name: made }]
          params: { TEXT: ${JSON.stringify(text)} }
          run: { path: sh, args: [-c, 'printf %s "$TEXT" > made/pipeline.yml'] }
      - { ${step}, file: made/pipeline.yml }
`;

test("the step says what became of the pipeline", async () => {
  await harness.addYaml("setter", setter("set_pipeline: child", echo("child")));
  expect(await said("setter")).toBe("succeeded: set_pipeline child: the pipeline child was created");
  expect(await said("setter")).toBe("succeeded: set_pipeline child: the pipeline child is unchanged");
  await harness.addYaml("setter", setter("set_pipeline: child", echo("other")));
  expect(await said("setter")).toBe("succeeded: set_pipeline child: the pipeline child was updated");
  expect(await said("child")).toBe("succeeded: other");
});

test("a pipeline that sets itself goes on as it was; its next run is the new one", async () => {
  await harness.addYaml("own", setter("set_pipeline: self", echo("renewed")));
  expect(await said("own")).toBe("succeeded: set_pipeline self: the pipeline own was updated");
  expect(await said("own")).toBe("succeeded: renewed");
});

test("a pipeline that sets itself to what does not load fails at its step, and stays as it was", async () => {
  await harness.addYaml("own", setter("set_pipeline: self", "jobs:\n  - plan: []\n"));
  for (let time = 0; time < 2; time++) {
    const run = await trigger("own");
    expect(run).toMatchObject({ status: "failed", error: { code: "JOB_FAILED", file: "own.yml", line: 10 } });
    expect(run.error?.message).toContain(
      "own.yml does not load: line 2: jobs[0].name is missing; line 2: jobs[0].plan",
    );
  }
});

test("a var of it that nobody has is warned of in the server's log, with its place", async () => {
  await set("told", { source: echo("((nobody))") });
  const warnings = harness.logged.map((line) => JSON.parse(line) as object).filter((line) => "place" in line);
  expect(warnings).toMatchObject([
    { level: "warn", message: "no value is kept for the var ((nobody))", pipeline: "told", place: "told.yml:5" },
  ]);
  const { warnings: answered } = await harness.engine.setPipeline("told", {
    source: echo("((no))"),
    extension: ".yml",
  });
  expect(answered).toEqual([
    "line 5: no value is kept for the var ((no)); until then a run that comes to it without one fails",
  ]);
});

test("a script is not replaced", async () => {
  await harness.engine.setPipeline("kept", { source: "export const pipeline = () => 1;\n", extension: ".ts" });
  expect((await set("kept", { source: echo("x") })).error?.message).toContain("kept.ts is a script, which stays");
  expect((await trigger("kept")).result).toBe(1);
});
