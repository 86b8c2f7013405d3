// The warnings of a start that can be brought about here, by the compiled binary on real file systems and limits.

import { Database } from "bun:sqlite";
import { afterEach, expect, test } from "bun:test";
import { chmodSync, copyFileSync, mkdirSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { eventually } from "../fixtures/harness/eventually.ts";
import { runnerBinary } from "../fixtures/harness/runner-binary.ts";
import { Workspace } from "../fixtures/harness/workspace.ts";
import { mountSmallDisk, smallDiskUnavailable } from "../unit/store/small-disk.ts";

const cannotMount = smallDiskUnavailable !== null && !process.env["CI"];
const unsigned = { "open.ts": "export const pipeline = () => {};" };
const signed = { "signed.ts": 'export const config = { webhook: { secret: "s" } }; export const pipeline = () => {};' };

let server: BinaryServer | undefined;
let undo: () => void = () => {};
afterEach(async () => {
  await server?.kill();
  undo();
  undo = () => {};
  await server?.workspace.remove();
  server = undefined;
});

async function start(workspace: Workspace, args: readonly string[] = [], program?: string): Promise<BinaryServer> {
  server = await BinaryServer.start({ workspace, args, ...(program === undefined ? {} : { program }) });
  return server;
}

/** Lines that begin with the mark of a warning, once all have come. */
async function warnings(running: BinaryServer): Promise<readonly string[]> {
  let before = "";
  await eventually("end of the warnings", async () => {
    before = running.output.stderr;
    await Bun.sleep(600);
    return before === running.output.stderr;
  });
  return before.split("\n").filter((line) => line.includes(" ! "));
}

test("a pipeline without a secret and plain HTTP on every interface are warned of, after the first answer", async () => {
  const running = await start(new Workspace(unsigned), ["--host=0.0.0.0"]);
  const lines = await warnings(running);
  expect(lines).toContainEqual(expect.stringMatching(/EVERYBODY on the network .* pipelines=open$/));
  expect(lines).toContainEqual(expect.stringContaining("in the clear at 0.0.0.0:"));
});

test("a signed pipeline on this machine gives neither warning", async () => {
  const lines = await warnings(await start(new Workspace(signed)));
  expect(lines.filter((line) => /secret|clear/.test(line))).toEqual([]);
});

test.skipIf(cannotMount)(
  `a data folder in memory is warned of${cannotMount ? ` (${String(smallDiskUnavailable)})` : ""}`,
  async () => {
    const workspace = new Workspace(signed);
    mkdirSync(workspace.dataDir);
    undo = mountSmallDisk(workspace.dataDir, 32);
    const lines = await warnings(await start(workspace, ["--min-free-space=0"]));
    expect(lines).toContainEqual(expect.stringMatching(/kept in memory: all runs are lost .* type=tmpfs$/));
  },
);

test("a low limit of open files is warned of with the number that would do", async () => {
  const workspace = new Workspace(signed);
  const wrapper = workspace.path("limited");
  writeFileSync(wrapper, `#!/bin/sh\nulimit -n 300\nexec ${runnerBinary} "$@"\n`);
  chmodSync(wrapper, 0o700);
  const lines = await warnings(await start(workspace, [], wrapper));
  expect(lines).toContainEqual(expect.stringContaining("only 300 files can be open at once"));
});

test("a clock before the date of the executable and before the newest run is warned of", async () => {
  const workspace = new Workspace(signed);
  const copy = workspace.path("runner");
  copyFileSync(runnerBinary, copy);
  const tomorrow = new Date(Date.now() + 24 * 60 * 60 * 1000);
  utimesSync(copy, tomorrow, tomorrow);
  const first = await start(workspace, [], copy);
  await first.run("signed");
  expect((await warnings(first)).filter((line) => line.includes("the clock says"))).toHaveLength(1);
  expect(await first.stop()).toBe(0);
  const db = new Database(join(workspace.dataDir, "runner.db"));
  db.run("UPDATE runs SET created_at = ?", [tomorrow.getTime()]);
  db.close();
  const lines = await warnings(await start(workspace, [], copy));
  expect(lines.filter((line) => line.includes("the clock says"))).toHaveLength(2);
});

test("on a good box there are none", async () => {
  const lines = await warnings(await start(new Workspace(signed)));
  const ofThisBox = process.getuid?.() === 0 ? /runs as root|container's own layer/ : /container's own layer/;
  expect(lines.filter((line) => !ofThisBox.test(line))).toEqual([]);
});
