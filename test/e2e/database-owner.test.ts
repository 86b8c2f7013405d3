// Who may open a database: one server at a time, and none that is older than the file.

import { Database } from "bun:sqlite";
import { afterAll, beforeAll, expect, test } from "bun:test";
import { join } from "node:path";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { eventually } from "../fixtures/harness/eventually.ts";
import { runBinary } from "../fixtures/harness/run-binary.ts";
import { Workspace } from "../fixtures/harness/workspace.ts";

let server: BinaryServer;
/** A run whose step goes on while others try to become the owner. */
let inProgress: string;
beforeAll(async () => {
  const workspace = new Workspace({ "a.ts": "export const pipeline = () => 1;" });
  workspace.save(
    "long.ts",
    `export const pipeline = async () => {
      const command = "echo begin >> marks; while [ ! -e go-on ]; do sleep 0.02; done; echo end >> marks; echo done";
      return await runtime.run({ command, workDir: ${JSON.stringify(workspace.dir)} });
    };`,
  );
  server = await BinaryServer.start({ workspace });
  inProgress = await server.trigger("long");
  await eventually("begin of the step", () => workspace.lines("marks").length === 1);
});
afterAll(async () => {
  await server.remove();
});

const serve = async (workspace: Workspace, ...args: readonly string[]) =>
  await runBinary(workspace, ["serve", "--port=0", ...args]);

test("a second server on the same data folder exits with 75 and names the owner", async () => {
  const { code, stderr } = await serve(server.workspace);
  expect(code).toBe(75);
  expect(stderr).toContain(join(server.workspace.dataDir, "runner.db"));
  expect(stderr).toContain(String(server.pid));
});

test("a second server with another data folder, but the same database, exits with 75 too", async () => {
  const storage = `--storage=sqlite://${join(server.workspace.dataDir, "runner.db")}`;
  const { code, stderr } = await serve(server.workspace, "--data-dir=other", storage);
  expect(code).toBe(75);
  expect(stderr).toContain(String(server.pid));
});

test("the owner goes on undisturbed", async () => {
  expect((await server.run("a")).result).toBe(1);
  expect(server.isAlive).toBe(true);
});

test("the run that was in progress meanwhile is unharmed", async () => {
  expect((await server.getRun(inProgress)).status).toBe("running");
  await Bun.write(server.workspace.path("go-on"), "");
  const { status, result } = await server.waitForEnd(inProgress);
  expect({ status, result }).toEqual({ status: "succeeded", result: expect.objectContaining({ stdout: "done\n" }) });
  expect(server.workspace.lines("marks")).toEqual(["begin", "end"]);
});

test("a database of a newer version is refused with 78, and is not changed", async () => {
  const workspace = new Workspace({ "a.ts": "export const pipeline = () => 1;" });
  try {
    await (await BinaryServer.start({ workspace })).stop();
    const file = join(workspace.dataDir, "runner.db");
    const newer = new Database(file);
    newer.run("PRAGMA user_version = 999");
    newer.close();
    const before = await Bun.file(file).bytes();

    const { code, stderr } = await serve(workspace);
    expect(code).toBe(78);
    expect(stderr).toContain("999");
    expect(stderr).toContain(file);
    expect(await Bun.file(file).bytes()).toEqual(before);
  } finally {
    await workspace.remove();
  }
});

test("--storage moves the database alone: token and spool stay in the data folder", async () => {
  const workspace = new Workspace({ "a.ts": "export const pipeline = () => 1;" });
  const elsewhere = await BinaryServer.start({ workspace, args: [`--storage=sqlite://${workspace.path("moved.db")}`] });
  try {
    expect((await elsewhere.run("a")).status).toBe("succeeded");
    expect(await Bun.file(workspace.path("moved.db")).exists()).toBe(true);
    expect(await Bun.file(join(workspace.dataDir, "runner.db")).exists()).toBe(false);
    expect(await Bun.file(join(workspace.dataDir, "runner.token")).exists()).toBe(true);
  } finally {
    await elsewhere.remove();
  }
});
