// The shell around a step's command, which writes down its exit status, killed alone: with a server and without one.

import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { isLive as isProcessLive, readProcessStat } from "../../src/executors/process/process-stat.ts";
import { BinaryServer } from "../fixtures/harness/binary-server.ts";
import { eventually } from "../fixtures/harness/eventually.ts";
import { Workspace } from "../fixtures/harness/workspace.ts";

let workspace: Workspace;
let server: BinaryServer;

beforeAll(async () => {
  workspace = new Workspace();
  for (const [name, onInterrupt] of [
    ["again", ""],
    ["once", 'onInterrupt: "fail",'],
  ] as const) {
    workspace.save(
      `${name}.ts`,
      `export const pipeline = async () => {
        const command = 'echo $$ >> ${name}; echo said; while [ ! -e go-on ]; do sleep 0.02; done; echo end >> ${name}';
        const { code, stdout } = await runtime.run({ command, workDir: ${JSON.stringify(workspace.dir)}, ${onInterrupt} });
        return [code, stdout];
      };`,
    );
  }
  server = await BinaryServer.start({ workspace });
});
afterAll(async () => {
  await server.remove();
});

/** Starts a run; the process of its command, which is on the first line of its file. */
async function begin(pipeline: string): Promise<{ readonly id: string; readonly pid: number }> {
  const known = workspace.lines(pipeline).length;
  const id = await server.trigger(pipeline);
  const pid = await eventually("begin of the step", () => workspace.lines(pipeline)[known]);
  await eventually("output of the step", async () => (await server.logText(id)) === "said\n");
  return { id, pid: Number(pid) };
}

/** A zombie is none: nobody may be there to bury it. */
const isLive = (pid: number): boolean => {
  const stat = readProcessStat(pid);
  return stat !== null && isProcessLive(stat);
};

/** The command's parent: the shell that waits for it. */
function killWrapper(pid: number): void {
  const stat = readFileSync(`/proc/${String(pid)}/stat`, "latin1");
  const parent = Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]);
  expect(readFileSync(`/proc/${String(parent)}/cmdline`, "latin1")).toContain("runner-step");
  process.kill(parent, "SIGKILL");
}

test("with a server the step ends as killed, and nothing of it is left", async () => {
  const { id, pid } = await begin("again");
  killWrapper(pid);
  const { status, result } = await server.waitForEnd(id);
  expect({ status, result }).toEqual({ status: "succeeded", result: [137, "said\n"] });
  await eventually("end of the command", () => !isLive(pid));
});

test("without a server the step is interrupted: what is left of it is ended, and it is run again where it may", async () => {
  const again = await begin("again");
  const once = await begin("once");
  await server.kill();
  killWrapper(again.pid);
  killWrapper(once.pid);
  expect([isLive(again.pid), isLive(once.pid)]).toEqual([true, true]);

  server = await BinaryServer.start({ workspace });
  expect((await server.waitForEnd(once.id)).error?.code).toBe("INTERRUPTED");
  await eventually("second begin", () => workspace.lines("again").at(-1) !== String(again.pid));
  expect([isLive(again.pid), isLive(once.pid)]).toEqual([false, false]);

  await Bun.write(workspace.path("go-on"), "");
  const { status, result, steps } = await server.waitForEnd(again.id);
  expect({ status, result, attempts: steps[0]?.attempts }).toEqual({
    status: "succeeded",
    result: [0, "said\n"],
    attempts: 2,
  });
  expect(workspace.lines("again").filter((line) => line === "end")).toEqual(["end"]);
  expect(workspace.lines("once")).toEqual([String(once.pid)]);
});
