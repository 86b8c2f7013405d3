// A rule of `notify` whose target runner.toml does not have: a warning with its place, and a pipeline that works.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { checkPipelines } from "../../../src/app.ts";
import { loadConfig } from "../../../src/config.ts";

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), "runner-notify-"));
});
afterEach(() => rm(cwd, { recursive: true, force: true }));

test("an unknown target is a warning at its line, with the name that was meant", async () => {
  await mkdir(join(cwd, "pipelines"));
  await writeFile(join(cwd, "runner.toml"), '[targets.ops]\ntype = "ntfy"\ntopic = "t"\n');
  const source = (notify: string): string =>
    `export const config = {\n  notify: ${notify},\n};\nexport const pipeline = () => 1;\n`;
  await writeFile(join(cwd, "pipelines/one.ts"), source('{ on: "failed",\n    to: ["ops", "opps"] }'));
  await writeFile(
    join(cwd, "pipelines/two.ts"),
    source('[{ on: "failed", to: "ops" },\n    { on: "skipped", to: "nobody" }]'),
  );
  const { config } = await loadConfig({ flags: {}, environment: {}, configFile: undefined, cwd, cores: 2 });
  const { pipelines } = await checkPipelines(config);
  expect(pipelines.map(({ id, state }) => [id, state])).toEqual([
    ["one", "ok"],
    ["two", "ok"],
  ]);
  const problems = pipelines.flatMap((pipeline) => pipeline.problems);
  expect(problems.map(({ severity, file, line, message }) => [severity, file, line, message])).toEqual([
    ["warning", "one.ts", 3, 'config.notify: runner.toml has no target "opps": did you mean "ops"?'],
    ["warning", "two.ts", 3, 'config.notify: runner.toml has no target "nobody": write a table [targets.nobody]'],
  ]);
});
