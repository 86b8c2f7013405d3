// What is left of steps: removed when told to, and found again after a server's death.

import { afterAll, describe, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openServerLife } from "../../conformance/executors/earlier-life.ts";
import { isAlive, openStepRunner, testPath, until } from "../../conformance/executors/step-runner.ts";

const runner = openStepRunner();
afterAll(() => runner.close());

const pidsIn = (file: string): number[] => readFileSync(file, "utf8").trim().split("\n").map(Number);

describe("discard", () => {
  test("removes the step's folder, and does nothing the second time", async () => {
    const { stepId } = await runner.run({ command: "echo x > file; mkdir -p a/b/c", stdin: "x" });
    expect(existsSync(join(runner.spoolDir, stepId))).toBe(true);
    await runner.executor.discard(stepId);
    await runner.executor.discard(stepId);
    expect(existsSync(join(runner.spoolDir, stepId))).toBe(false);
  });

  test("removes folders that the step closed, and follows no link", async () => {
    const outside = join(runner.dir, "outside");
    mkdirSync(outside);
    writeFileSync(join(outside, "kept"), "");
    chmodSync(outside, 0o755);
    const command = `mkdir -p a/b/c && touch a/b/c/f && ln -s ${outside} a/link && ln -s ${outside} link && chmod 0 a/b/c a/b a . ..`;
    const { stepId } = await runner.run({ command });
    await runner.executor.discard(stepId);
    expect(existsSync(join(runner.spoolDir, stepId))).toBe(false);
    expect(existsSync(join(outside, "kept"))).toBe(true);
    expect(runner.warnings).toEqual([]);
  });

  test("succeeds while a process of the step goes on writing", async () => {
    const script =
      "(while :; do for i in 1 2 3 4; do mkdir -p d$i/e; : >d$i/e/f; done; done) >/dev/null 2>&1 & echo $!";
    const { stepId, stdout } = await runner.run({ command: script });
    await Bun.sleep(50);
    await runner.executor.discard(stepId);
    process.kill(Number(stdout), "SIGKILL");
  });
});

describe("starting a step again whose folder is there", () => {
  test("begins anew", async () => {
    const first = await runner.run({ command: "echo first; echo x > file" });
    const again = await runner.run({ stepId: first.stepId, command: "ls; echo second" });
    expect(again.stdout).toBe("second\n");
  });
});

/** A server that starts a step and is killed once that is ready. */
async function startAndDie(spoolDir: string, command: string): Promise<string> {
  const spec = runner.complete({ command });
  const life = openServerLife({ spoolDir, path: testPath, steps: [{ spec }] });
  await life.printed(spec.stepId, "ready\n");
  await life.kill();
  return spec.stepId;
}

describe("cleanLeftovers", () => {
  test("ends the steps of a dead server wherever their processes are, and removes their folders", async () => {
    const file = join(runner.dir, "leftover-pids");
    const stepId = await startAndDie(runner.spoolDir, `exec scatter-children ${file}`);
    const pids = pidsIn(file);
    expect(pids.filter(isAlive)).toEqual(pids); // a step outlives its server
    const bystander = await runner.start({ command: "sleep 30" });
    expect(await runner.executor.cleanLeftovers(new Set())).toEqual({ endedSteps: [stepId] });
    expect(pids.filter(isAlive)).toEqual([]);
    expect(existsSync(join(runner.spoolDir, stepId))).toBe(false);
    expect(isAlive(bystander.step.pid)).toBe(true);
    bystander.step.cancel();
    await bystander.finished;
  });

  test("gives them SIGTERM and the grace first", async () => {
    const other = openStepRunner({ graceMs: 8000 });
    const told = join(other.dir, "told");
    await startAndDie(
      other.spoolDir,
      `trap 'echo yes >${told}; exit 0' TERM; echo ready; while :; do sleep 0.02; done`,
    );
    await other.executor.cleanLeftovers(new Set());
    expect(readFileSync(told, "utf8")).toBe("yes\n");
    await other.close();
  });

  test("leaves alone what a finished command left running on purpose", async () => {
    const other = openStepRunner();
    const stepId = await startAndDie(
      other.spoolDir,
      `setsid sleep 30 & echo $! >${other.dir}/daemon; echo ready; sleep 0.3`,
    );
    await until("the command ended", () =>
      readFileSync(join(other.spoolDir, stepId, "status"), "utf8").endsWith("0\n"),
    );
    expect(await other.executor.cleanLeftovers(new Set())).toEqual({ endedSteps: [] });
    expect(existsSync(join(other.spoolDir, stepId))).toBe(false);
    process.kill(Number(readFileSync(join(other.dir, "daemon"), "utf8")), "SIGKILL");
    await other.close();
  });

  test("does not touch a process that has the noted number but another start or boot", async () => {
    const innocent = Bun.spawn(["sleep", "30"], { detached: true });
    const stat = readFileSync(`/proc/${innocent.pid}/stat`, "utf8")
      .replace(/^.*\) /, "")
      .split(" ");
    const bootId = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const notes = [
      { pid: innocent.pid, startTicks: Number(stat[19]) - 1, bootId },
      { pid: innocent.pid, startTicks: Number(stat[19]), bootId: randomUUID() },
      { pid: "1", startTicks: 0, bootId },
      null,
    ];
    for (const note of notes) {
      const folder = join(runner.spoolDir, `${randomUUID()}.1`);
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "process"), JSON.stringify(note));
    }
    expect(await runner.executor.cleanLeftovers(new Set())).toEqual({ endedSteps: [] });
    expect(isAlive(innocent.pid)).toBe(true);
    innocent.kill("SIGKILL");
    await innocent.exited;
  });

  test("leaves names alone that are no step's, and does without a spool folder", async () => {
    const dir = mkdtempSync(join(tmpdir(), "runner-spool-"));
    const other = openStepRunner({ spoolDir: join(dir, "spool") });
    expect(await other.executor.cleanLeftovers(new Set())).toEqual({ endedSteps: [] });
    mkdirSync(join(dir, "spool/notes"), { recursive: true });
    symlinkSync(dir, join(dir, `spool/${randomUUID()}.1`));
    await other.executor.cleanLeftovers(new Set());
    expect(existsSync(join(dir, "spool/notes"))).toBe(true);
    await other.close();
    rmSync(dir, { recursive: true });
  });
});
