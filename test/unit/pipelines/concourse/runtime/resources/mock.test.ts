// Resources of type mock: which versions they have, and the files that they make.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { resourceTypes } from "../../../../../../src/pipelines/concourse/runtime/resources/resource-types.ts";
import { SecretValue } from "../../../../../../src/pipelines/concourse/var-text.ts";
import { openResourceBench, type ResourceBench } from "../../../../../fixtures/resources/resource-bench.ts";

const { mock } = resourceTypes;
let bench: ResourceBench;

beforeEach(() => {
  bench = openResourceBench({ "secret:token": "swordfish" });
});
afterEach(() => bench.close());

test("a check finds the initial version, then the one that there is, unless one is forced", async () => {
  expect(await mock.check(bench.context({}), null)).toEqual([{ version: "mock" }]);
  expect(await mock.check(bench.context({ initial_version: "1" }), null)).toEqual([{ version: "1" }]);
  expect(await mock.check(bench.context({ initial_version: "1" }), { version: "0" })).toEqual([{ version: "0" }]);
  expect(await mock.check(bench.context({ force_version: "2" }), { version: "0" })).toEqual([{ version: "2" }]);
  expect(await mock.check(bench.context({ no_initial_version: true }), null)).toEqual([]);
});

test("a check may be made to wait and to fail", async () => {
  const source = { check_delay: "10ms", check_failure: "no such luck", log: "hello" };
  const steps: string[] = [];
  const context = bench.context(source);
  const run: typeof context.run = async (options) => {
    const result = await context.run(options);
    steps.push(JSON.stringify(options.command), result.stdout);
    return result;
  };
  await expect(mock.check({ ...context, run }, null)).rejects.toThrow("no such luck");
  expect(steps[0]).toBe('{"path":"sleep","args":["0.01"]}');
  expect(steps[3]).toBe("hello\n");
});

test("a get makes the version and the files of the source and the params, also of secrets", async () => {
  const folder = bench.createVolume("got");
  const source = {
    create_files: { "a/b.txt": "one\n", "c.json": { d: [1, null] }, token: new SecretValue("secret:token") },
  };
  const params = { create_files_via_params: { "a/b.txt": "$(two)\n" } };
  await mock.get(bench.context(source), { version: "7" }, params, folder);
  const read = (path: string): string => readFileSync(join(folder.path, path), "utf8");
  expect(["version", "privileged", "a/b.txt", "c.json", "token"].map(read)).toEqual([
    "7\n",
    "false\n",
    "$(two)\n",
    '{"d":[1,null]}',
    "swordfish",
  ]);
});

test("a get makes no file outside of its folder", async () => {
  const folder = bench.createVolume("got");
  for (const path of ["../a", "/tmp/a", "a/../../b", ""]) {
    const got = mock.get(bench.context({ create_files: { [path]: "x" } }), { version: "1" }, {}, folder);
    await expect(got).rejects.toThrow("must be a path in the folder");
  }
});

test("a put makes the version that its params say, or a file", async () => {
  const notes = bench.createVolume("notes");
  writeFileSync(join(notes.path, "number"), "3\n");
  const context = bench.context({});
  expect(await mock.put(context, { version: "2", print_env: true }, {})).toEqual({ version: { version: "2" } });
  expect(await mock.put(context, { file: "notes/number" }, { notes })).toEqual({ version: { version: "3" } });
  await expect(mock.put(context, { file: "nowhere/number" }, { notes })).rejects.toThrow("artifacts here are notes");
  await expect(mock.put(context, { versoin: "2" }, {})).rejects.toThrow('params "versoin" not supported');
});
