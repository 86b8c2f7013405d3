// The name under which the compiled binary tells people to start it.

import { expect, test } from "bun:test";
import { symlinkSync } from "node:fs";
import { mkdir } from "node:fs/promises";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { runnerBinary } from "../fixtures/harness/runner-binary.ts";
import { Workspace } from "../fixtures/harness/workspace.ts";

const pipelines = { "hello.ts": "export const pipeline = () => 1;" };

async function tryLine(env: (workspace: Workspace) => Record<string, string>): Promise<string | undefined> {
  const workspace = new Workspace(pipelines);
  await mkdir(workspace.path("bin"));
  symlinkSync(runnerBinary, workspace.path("bin/runner"));
  const server = await BinaryServer.start({ workspace, env: env(workspace) });
  try {
    return /^try +(.+) trigger hello$/m.exec(server.output.stdout)?.[1];
  } finally {
    await server.remove();
  }
}

test("serve tells to try the path that it was started with", async () => {
  expect(await tryLine(() => ({}))).toBe(runnerBinary);
}, 30_000);

test("serve tells to try runner where PATH leads to the same file", async () => {
  expect(await tryLine((workspace) => ({ PATH: `${workspace.path("bin")}:/usr/bin:/bin` }))).toBe("runner");
}, 30_000);
