// Which unit of systemd a process is in, by its control groups, and what systemctl says about it.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findServiceUnit, parseUnit } from "../../../src/telemetry/service-unit.ts";

describe("parseUnit()", () => {
  test.each([
    ["0::/system.slice/runner.service\n", { name: "runner.service", ofUser: false }],
    ["12:pids:/x\n1:name=systemd:/system.slice/runner.service\n", { name: "runner.service", ofUser: false }],
    [
      "0::/user.slice/user-1000.slice/user@1000.service/app.slice/runner.service",
      { name: "runner.service", ofUser: true },
    ],
    [
      "0::/system.slice/system-runner.slice/runner@a\\x2db.service/sub",
      { name: "runner@a\\x2db.service", ofUser: false },
    ],
    ["0::/user.slice/user-1000.slice/session-3.scope\n", null],
    ["0::/\n", null],
    ["4:memory:/runner.service\n", null],
    ["", null],
  ])("reads %j", (cgroups, unit) => {
    expect(parseUnit(cgroups)).toEqual(unit);
  });
});

describe("findServiceUnit()", () => {
  let folder: string;
  let cgroups: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "runner-unit-"));
    cgroups = join(folder, "cgroup");
    writeFileSync(cgroups, "0::/system.slice/runner.service\n");
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  function environment(systemctl: string): Record<string, string> {
    const program = join(folder, "systemctl");
    writeFileSync(program, `#!/bin/sh\n${systemctl}\n`);
    chmodSync(program, 0o700);
    return { PATH: `${folder}:/usr/bin:/bin`, INVOCATION_ID: "0123456789abcdef" };
  }

  test("asks systemctl for the unit's KillMode", async () => {
    const env = environment(`[ "$*" = "show --property=KillMode,LoadState -- runner.service" ] || exit 1
      printf 'KillMode=mixed\\nLoadState=loaded\\n'`);
    expect(await findServiceUnit(env, cgroups)).toEqual({ name: "runner.service", killMode: "mixed" });
  });

  test("asks the user's manager for a user's service", async () => {
    const file = join(folder, "user-cgroup");
    writeFileSync(file, "0::/user.slice/user-7.slice/user@7.service/app.slice/runner.service\n");
    const env = environment(`[ "$1" = --user ] && printf 'KillMode=process\\nLoadState=loaded\\n'`);
    expect(await findServiceUnit(env, file)).toEqual({ name: "runner.service", killMode: "process" });
  });

  test("knows nothing where systemd does not know the unit, fails or is not there", async () => {
    expect(
      await findServiceUnit(environment("printf 'KillMode=control-group\\nLoadState=not-found\\n'"), cgroups),
    ).toBeNull();
    expect(await findServiceUnit(environment("exit 1"), cgroups)).toBeNull();
  });

  test("does not ask where this process is no service", async () => {
    const env = environment(`touch ${join(folder, "asked")}`);
    expect(await findServiceUnit({ ...env, INVOCATION_ID: undefined }, cgroups)).toBeNull();
    expect(await Bun.file(join(folder, "asked")).exists()).toBe(false);
  });
});
