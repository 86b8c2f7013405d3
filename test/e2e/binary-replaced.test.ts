// An upgrade in the middle of a step: another binary in the file's place, then `kill -9`, then the new one.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { copyFileSync, renameSync } from "node:fs";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { faultsBinary } from "../fixtures/harness/faults-binary.ts";
import { runnerBinary } from "../fixtures/harness/runner-binary.ts";
import { findSandboxProcesses } from "../fixtures/harness/sandbox-processes.ts";
import { eventually } from "../fixtures/harness/eventually.ts";
import { Workspace } from "../fixtures/harness/workspace.ts";
import { prepareImages } from "../fixtures/images/images.ts";

const command = [
  'echo "begin $$" >> "$DIR/$NAME"',
  "echo before",
  'while [ ! -e "$DIR/go-on" ]; do sleep 0.02; done',
  "echo after >&2",
  'echo "end $$" >> "$DIR/$NAME"',
  "exit 3",
].join("; ");

let workspace: Workspace;
let program: string;
let server: BinaryServer;

/** As an upgrade does it: a running file cannot be written to. */
function install(binary: string): void {
  copyFileSync(binary, `${program}.new`);
  renameSync(`${program}.new`, program);
}

beforeAll(async () => {
  await prepareImages();
  workspace = new Workspace();
  program = workspace.path("runner");
  const env = `DIR: container ? "/marks" : ${JSON.stringify(workspace.dir)}`;
  workspace.save(
    "one-step.ts",
    `export const config = { params: { name: { type: "string" }, container: { type: "boolean" } } };
    export const pipeline = async () => {
      const { name, container } = pipelineContext.params;
      const place = container ? { image: "busybox", mounts: { "/marks": ${JSON.stringify(workspace.dir)} } } : {};
      const command = ${JSON.stringify(command)};
      const result = await runtime.run({ name, command, env: { ${env}, NAME: name }, ...place });
      const { stdout } = await runtime.run({ name: "next", command: "echo next" });
      return [result, stdout];
    };`,
  );
  install(runnerBinary);
  server = await BinaryServer.start({ workspace, program });
}, 60_000);
afterAll(async () => {
  await server.remove();
});

test("steps live through the replacement of the binary, and their runs go on with the new one", async () => {
  const runs = [
    await server.trigger("one-step", { name: "in-process", container: false }),
    await server.trigger("one-step", { name: "in-container", container: true }),
  ];
  const begun = (name: string): boolean => workspace.lines(name).length === 1;
  await eventually("begin of both steps", () => begun("in-process") && begun("in-container"), 30_000);

  install(faultsBinary);
  await server.kill();
  server = await BinaryServer.start({ workspace, program, env: { RUNNER_FAULT: "before answer trigger:1" } });
  await Bun.write(workspace.path("go-on"), "");

  const result = { code: 3, stdout: "before\n", stderr: "after\n", status: "complete" };
  for (const id of runs) {
    const { status, result: ended, error } = await server.waitForEnd(id);
    expect({ status, ended, error }).toEqual({ status: "succeeded", ended: [result, "next\n"], error: null });
    expect(await server.logText(id)).toBe("before\nafter\nnext\n");
  }
  for (const name of ["in-process", "in-container"]) {
    const [begin = "", end, ...more] = workspace.lines(name);
    expect({ end, more }).toEqual({ end: begin.replace("begin", "end"), more: [] });
  }
  // It is the new one: the old one would not have died here.
  await server.trigger("one-step").catch(() => null);
  await server.exited;
  expect(server.signalCode).toBe("SIGKILL");
});

test("a server whose file was replaced starts its processes from what it is itself", async () => {
  await server.kill();
  install(runnerBinary);
  server = await BinaryServer.start({ workspace, program });
  copyFileSync("/bin/true", `${program}.new`);
  renameSync(`${program}.new`, program);
  const before = findSandboxProcesses(server.pid);
  for (const pid of before) process.kill(pid, "SIGKILL");
  expect(await server.run("one-step", { name: "other", container: false })).toMatchObject({ status: "succeeded" });
  expect(findSandboxProcesses(server.pid).some((pid) => !before.includes(pid))).toBe(true);
});
