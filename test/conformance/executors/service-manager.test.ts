// What becomes of steps when a service manager restarts their server: systemd itself where one can run, and a stand-in
// that kills the same processes.

import { afterAll, describe, expect, test } from "bun:test";
import { Buffer } from "node:buffer";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../../fixtures/harness/eventually.ts";
import type { ServiceManager } from "../../fixtures/service-manager/service-manager.ts";
import { openStandIn } from "../../fixtures/service-manager/stand-in.ts";
import { openSystemd } from "../../fixtures/service-manager/systemd.ts";
import type { ServedLine, ServeOrder } from "../../fixtures/steps/serve-steps.ts";
import { fixturesDir, openStepRunner } from "./step-runner.ts";

const [standInDir, systemdDir] = ["stand-in", "systemd"].map((name) =>
  mkdtempSync(join(tmpdir(), `runner-${name}-`)),
) as [string, string];
const systemd = await openSystemd(systemdDir);
const managers: [string, ServiceManager][] = [["a stand-in for systemd", openStandIn()]];
if (systemd !== null) managers.push(["systemd", systemd]);
const runner = openStepRunner();
afterAll(async () => {
  for (const [, manager] of managers) await manager.close();
  await runner.close();
  for (const dir of [standInDir, systemdDir]) rmSync(dir, { recursive: true });
});

describe.each(managers)("a server restarted by %s", (name, manager) => {
  /** Runs a step in a service that is restarted in the middle; resolves with what its two lives said. */
  async function restart(killMode: string, command: string, last: ServedLine["type"]): Promise<readonly ServedLine[]> {
    const dir = mkdtempSync(join(name === "systemd" ? systemdDir : standInDir, "service-"));
    const spec = runner.complete({ command });
    const [orderFile, file] = [join(dir, "order"), join(dir, "said")];
    const order: ServeOrder = { spoolDir: join(dir, "spool"), path: "/usr/bin:/bin", steps: [{ spec }], file };
    writeFileSync(orderFile, JSON.stringify(order));
    const program = `${process.execPath} ${join(fixturesDir, "serve-steps.ts")} ${orderFile}`;
    await manager.start(`[Service]\nExecStart=${program}\nKillMode=${killMode}\nTimeoutStopSec=1\n`);
    const said = (): readonly ServedLine[] =>
      (existsSync(file) ? readFileSync(file, "utf8") : "")
        .split("\n")
        .slice(0, -1)
        .map((line) => JSON.parse(line) as ServedLine);
    await eventually("the step's output", () => textOf(said()).includes("up\n"));
    await manager.restart();
    await eventually(`"${last}"`, () => said().some(({ type }) => type === last));
    return said();
  }

  const textOf = (lines: readonly ServedLine[]): string =>
    Buffer.concat(
      lines.flatMap((line) => (line.type === "output" ? [Buffer.from(line.base64, "base64")] : [])),
    ).toString();

  const steady = 'echo up; i=0; while [ $i -lt 20 ]; do echo "line $i"; i=$((i+1)); sleep 0.1; done; exit 5';

  test("with KillMode=process takes its steps up, and nothing is lost or repeated", async () => {
    const said = await restart("process", steady, "ended");
    expect(said.at(-1)).toMatchObject({ type: "ended", end: "exited", code: 5 });
    expect(textOf(said)).toBe(`up\n${Array.from({ length: 20 }, (_, i) => `line ${i}\n`).join("")}`);
    const pids = said.flatMap((line) => (line.type === "started" ? [line.pid] : []));
    expect(pids).toEqual([pids[0] ?? null, pids[0] ?? null]);
  });

  test.each([
    ["control-group", "dies of SIGTERM", steady],
    ["control-group", "ignores SIGTERM", `trap '' TERM; ${steady}`],
    ["control-group", "fails for SIGTERM", `trap 'exit 3' TERM; ${steady}`],
    ["mixed", "is killed", steady],
  ])("with KillMode=%s knows a step that %s to be interrupted", async (killMode, _what, command) => {
    const said = await restart(killMode, command, "interrupted");
    expect(said.map(({ type }) => type)).not.toContain("ended");
  });
});
