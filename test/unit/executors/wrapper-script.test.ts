// The wrapper script under every shell that this machine has, and what it leaves in the status file.

import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { findEnd } from "../../../src/executors/process/spool-folder.ts";
import { parseStatus } from "../../../src/executors/process/wrapper-script.ts";
import { openStepRunner, until } from "../../conformance/executors/step-runner.ts";

const shells = ["/bin/sh", "/bin/dash", "/bin/bash", "/bin/ash", "/bin/ksh", "/bin/mksh", "/bin/yash", "/bin/zsh"];

describe.each(shells.filter((sh) => existsSync(sh)))("under %s", (sh) => {
  test("statuses, signals and output are those of the command", async () => {
    const runner = openStepRunner({ sh });
    const program = (script: string): ReturnType<typeof runner.run> =>
      runner.run({ command: { path: "/bin/sh", args: ["-c", script] } });
    expect(await program("echo out; echo err >&2; exit 9")).toMatchObject({
      code: 9,
      stdout: "out\n",
      stderr: "err\n",
    });
    expect(await program("kill -KILL $$")).toMatchObject({ end: "signalled", code: 137, stderr: "" });
    expect(await program("kill -TERM 0; sleep 5")).toMatchObject({ end: "signalled", code: 143, stderr: "" });
    expect(await program("trap 'exit 3' INT; kill -INT 0; sleep 5")).toMatchObject({ end: "exited", code: 3 });
    expect((await runner.run({ command: { path: "env", args: [] } })).stdout).not.toMatch(/^(PWD|OLDPWD|SHLVL)=/m);
    await runner.close();
  });

  test("SIGTERM to the wrapper is noted beside the status, and to the command alone is not", async () => {
    const runner = openStepRunner({ sh });
    const endOf = async (script: string): Promise<ReturnType<typeof findEnd>> => {
      const { stepId } = await runner.run({ command: { path: "/bin/sh", args: ["-c", script] } });
      return findEnd(join(runner.spoolDir, stepId));
    };
    expect(await endOf("kill -TERM 0; sleep 5")).toEqual({ status: 143, wasTold: true });
    expect(await endOf("trap 'exit 6' TERM; kill -TERM 0; sleep 5")).toEqual({ status: 6, wasTold: true });
    expect(await endOf("kill -TERM $$; sleep 5")).toEqual({ status: 143, wasTold: false });
    expect(await endOf("kill -HUP 0; sleep 5")).toEqual({ status: 129, wasTold: false });
    await runner.close();
  });

  test("many signals while a deaf command runs do not lose its status", async () => {
    const runner = openStepRunner({ sh });
    const command = "trap '' TERM INT HUP USR1; echo ready; sleep 0.5; exit 7";
    const { step, stdout, finished } = await runner.start({ command });
    await until("it is ready", () => stdout() === "ready\n");
    for (let i = 0; i < 20; i++) {
      for (const signal of ["SIGTERM", "SIGINT", "SIGHUP", "SIGUSR1"] as const) process.kill(-step.pid, signal);
      await Bun.sleep(5);
    }
    expect(await finished).toMatchObject({ end: "exited", code: 7 });
    await runner.close();
  });
});

describe("parseStatus()", () => {
  test.each([
    ["0\n", 0],
    ["255\n", 255],
    ["Killed\n137\n", 137],
    ["sh: 1: Cannot fork\n2\n", 2],
  ])("reads %j as %d", (text, status) => expect(parseStatus(text)).toBe(status));

  test.each(["", "0", "13", "Killed\n", "Killed\n13", "0\n\n", "x0\n", "256\n", "1000\n", "-1\n"])(
    "finds no complete status in %j",
    (text) => expect(parseStatus(text)).toBeNull(),
  );
});
