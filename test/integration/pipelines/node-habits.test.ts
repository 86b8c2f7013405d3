// What works in Node and not in a pipeline says what to use instead, and where.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { loadBundle } from "../../../src/pipelines/pipelines.ts";
import { EngineHarness } from "../../fixtures/harness/engine-harness.ts";
import { makeFolder, removeFolders } from "../../fixtures/pipelines/temporary-folder.ts";

let harness: EngineHarness;
beforeAll(async () => {
  harness = await EngineHarness.open({ processes: 1 });
});
afterAll(async () => {
  removeFolders();
  await harness.close();
});

describe("at load time", () => {
  const cases: readonly (readonly [source: string, line: number, message: string, hint: string])[] = [
    ["\nconst fs = require('fs');", 2, 'require("fs") is not supported', "runtime.run"],
    ["const fs = require('node:fs/promises');", 1, "not supported", "volumes and artifacts"],
    ["import fs from 'node:fs';\nfs;", 1, 'cannot import "node:fs"', "runtime.run"],
    ["import https from 'https';\nhttps;", 1, 'cannot import "https"', "fetch()"],
    ["import { exec } from 'child_process';\nexec;", 1, "child_process", "runtime.run"],
    ["const x = require('./other');", 1, 'require("./other")', "import"],
    ["\n\nconst dir = __dirname + '/x';", 3, "__dirname does not exist", "in full"],
    ["const file = __filename;", 1, "__filename does not exist", "in full"],
  ];
  test.each(cases)("%s", async (source, line, message, hint) => {
    const file = `${source}\nexport const pipeline = () => 1;`;
    const loaded = await loadBundle({ root: makeFolder({ "main.ts": file }), file: "main.ts" });
    const problem = loaded.ok ? undefined : loaded.problems[0];
    expect(problem).toMatchObject({ file: "main.ts", line });
    expect(problem?.message).toContain(message);
    expect(problem?.hint).toContain(hint);
  });

  test("a script may have names of its own like Node's, and speak of them", async () => {
    const file =
      "// __dirname\nconst __dirname = '/srv'; const o = { __filename: 1 };\nexport const pipeline = () => [__dirname, '__filename', o.__filename];";
    expect((await loadBundle({ root: makeFolder({ "main.ts": file }), file: "main.ts" })).ok).toBe(true);
  });
});

describe("at run time", () => {
  test.each([
    ["return process.env.HOME;", "pipelineContext"],
    ["return Buffer.from('x');", "Uint8Array"],
    ["const load = require; return load('fs');", "use import"],
    ["return new Headers();", "plain object"],
    ["return Bun.file('x');", "runtime.run"],
  ])("%s", async (body, hint) => {
    const { error } = await harness.run(body);
    expect(error).toMatchObject({ code: "SCRIPT_ERROR", line: expect.any(Number) });
    expect(error?.hint).toContain(hint);
  });
});
