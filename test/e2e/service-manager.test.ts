// The unit that `runner init --systemd` prints, and what becomes of running steps under it: with a real systemd where one
// can run, and with a stand-in that kills the same processes.

import { afterEach, describe, expect, test } from "bun:test";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { runBinary } from "../fixtures/harness/run-binary.ts";
import { eventually } from "../fixtures/harness/eventually.ts";
import { runnerBinary } from "../fixtures/harness/runner-binary.ts";
import { findSandboxProcesses } from "../fixtures/harness/sandbox-processes.ts";
import { Workspace } from "../fixtures/harness/workspace.ts";
import { ServiceClient, type ServiceManager, socketFile } from "../fixtures/services/service-manager.ts";
import { StandInManager } from "../fixtures/services/stand-in-manager.ts";
import { canRunSystemd, SystemdContainer } from "../fixtures/services/systemd-container.ts";

type Open = (unit: string, workspace: Workspace) => ServiceManager;

const standIn: Open = (unit, workspace) =>
  new StandInManager(unit, workspace.environment, (pid) => [
    ...findSandboxProcesses(pid),
    ...workspace.findStepProcesses(),
  ]);
const real: Open = (unit, { dir }) => new SystemdContainer(unit, runnerBinary, dir);
const managers: readonly (readonly [string, Open])[] = [
  ["a stand-in", standIn],
  ...(canRunSystemd() ? [["systemd", real] as const] : []),
];

const opened: { manager: ServiceManager; workspace: Workspace }[] = [];
afterEach(async () => {
  for (const { manager, workspace } of opened.splice(0)) {
    await manager.remove();
    await workspace.remove();
  }
});

interface Service {
  readonly manager: ServiceManager;
  readonly client: ServiceClient;
  readonly marks: () => readonly string[];
  readonly goOn: () => void;
}

async function startService(open: Open, change: (unit: string) => string = (unit) => unit): Promise<Service> {
  const workspace = new Workspace();
  const folder = workspace.dir;
  for (const [name, onInterrupt] of [
    ["one-step", ""],
    ["once", 'onInterrupt: "fail",'],
  ] as const) {
    workspace.save(
      `${name}.ts`,
      `export const pipeline = async () => {
        const command = 'echo begin >> marks; while [ ! -e go-on ]; do sleep 0.02; done; echo end >> marks';
        return await runtime.run({ name: "step", command, workDir: ${JSON.stringify(folder)}, ${onInterrupt} });
      };`,
    );
  }
  writeFileSync(join(folder, "runner.toml"), `socket = "${socketFile}"\n`);
  mkdirSync(join(folder, "data"), { mode: 0o700 });
  const { stdout: unit } = await runBinary(workspace, ["init", "--systemd"]);
  const manager = open(change(unit), workspace);
  opened.push({ manager, workspace });
  await manager.start();
  return {
    manager,
    client: new ServiceClient(folder),
    marks: () => workspace.lines("marks"),
    goOn: () => writeFileSync(join(folder, "go-on"), ""),
  };
}

const killGroup = (unit: string): string => unit.replace("KillMode=process", "KillMode=control-group");

describe.each(managers)("under %s", (_, open) => {
  test.each(["restart", "killMain"] as const)(
    "a step lives through %s of the service, and is not run again",
    async (act) => {
      const { manager, client, marks, goOn } = await startService(open);
      const id = await client.trigger("one-step");
      await eventually("begin of the step", () => marks().length === 1);

      await manager[act]();
      goOn();
      const { status, steps } = await client.waitForEnd(id);
      expect({ status, attempts: steps.map(({ attempts }) => attempts) }).toEqual({
        status: "succeeded",
        attempts: [1],
      });
      expect(marks()).toEqual(["begin", "end"]);
    },
    60_000,
  );

  test("a service manager that ends the whole group interrupts the step: it is run again, or fails if it says so", async () => {
    const { manager, client, marks, goOn } = await startService(open, killGroup);
    const again = await client.trigger("one-step");
    await eventually("begin of the step", () => marks().length === 1);
    const once = await client.trigger("once");
    await eventually("begin of both steps", () => marks().length === 2);

    await manager.restart();
    await eventually("second begin", () => marks().length === 3);
    goOn();
    expect((await client.waitForEnd(again)).status).toBe("succeeded");
    expect((await client.waitForEnd(once)).error?.code).toBe("INTERRUPTED");
    expect(marks()).toEqual(["begin", "begin", "begin", "end"]);
  }, 60_000);
});
