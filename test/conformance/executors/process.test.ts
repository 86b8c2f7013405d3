// What only steps that are processes promise.

import { afterAll, describe, expect, test } from "bun:test";
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { openStepRunner } from "./step-runner.ts";

const runner = openStepRunner();
afterAll(async () => await runner.close());

describe("the outcome of a process", () => {
  test("comes when the command ends, not when a background child lets go of its output", async () => {
    const started = performance.now();
    const { stdout, end, code } = await runner.run({ command: { path: "hold-output", args: [] } });
    expect({ end, code }).toEqual({ end: "exited", code: 0 });
    expect(performance.now() - started).toBeLessThan(10_000);
    process.kill(Number(stdout), "SIGKILL"); // throws if the child was ended with the step
  });
});

describe("the folder that a process works in", () => {
  test("is fresh and empty, not shared with another step", async () => {
    const first = await runner.run({ command: "pwd; ls -A; touch left-here" });
    const second = await runner.run({ command: "pwd; ls -A" });
    expect(first.stdout.trim().split("\n")).toHaveLength(1);
    expect(second.stdout.trim().split("\n")).toHaveLength(1);
    expect(second.stdout).not.toBe(first.stdout);
  });

  test("is the workDir it names", async () => {
    const workDir = join(runner.dir, "my work");
    mkdirSync(workDir);
    expect((await runner.run({ command: "pwd", workDir })).stdout).toBe(`${workDir}\n`);
  });

  test("is below its own folder where the workDir is relative", async () => {
    expect((await runner.run({ command: "pwd; ls -A .", workDir: "a/b" })).stdout).toMatch(/\/work\/a\/b\n$/);
  });
});
