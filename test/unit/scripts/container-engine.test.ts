// The container engine that the gate starts for its tests.

import { afterAll, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../../fixtures/harness/eventually.ts";

const folder = mkdtempSync(join(tmpdir(), "runner-gate-engine-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test.skipIf(process.getuid?.() !== 0)("ends with the gate, also where that is interrupted", async () => {
  const dockerd = join(folder, "dockerd");
  const pidFile = join(folder, "pid");
  writeFileSync(dockerd, `#!/bin/sh\necho $$ > ${pidFile}\nexec sleep 60\n`);
  chmodSync(dockerd, 0o755);
  const module = join(import.meta.dir, "../../../scripts/gate/container-engine.ts");
  const script = `const { startEngine } = await import(${JSON.stringify(module)});
    const { existsSync } = await import("node:fs");
    await startEngine([], () => existsSync(${JSON.stringify(pidFile)}));
    process.exit(130);`;
  const gate = Bun.spawn([process.execPath, "-e", script], {
    env: { PATH: `${folder}:${Bun.env["PATH"] ?? ""}`, TMPDIR: folder },
    stderr: "pipe",
  });
  expect([await gate.exited, await new Response(gate.stderr).text()]).toEqual([130, ""]);
  const pid = readFileSync(pidFile, "utf8").trim();
  await eventually("end of the engine", () => !existsSync(`/proc/${pid}`));
});
