// How steps end when they do not want to, or when something else ends them.

import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { systemClock } from "../../../src/core/clock.ts";
import { isAlive, openStepRunner, until } from "../../conformance/executors/step-runner.ts";

const runner = openStepRunner();
afterAll(() => runner.close());

const pidsIn = (file: string): number[] => readFileSync(file, "utf8").trim().split("\n").map(Number);

describe("cancelling", () => {
  test("ends every process of the step: in its group, in other sessions, adopted by init, deaf to SIGTERM", async () => {
    const file = join(runner.dir, "cancelled-pids");
    const { step, stdout, finished } = await runner.start({ command: { path: "scatter-children", args: [file] } });
    await until("its children are ready", () => stdout() === "ready\n");
    const pids = pidsIn(file);
    expect(pids).toHaveLength(4);
    expect(pids.filter(isAlive)).toEqual(pids);
    step.cancel();
    expect(await finished).toMatchObject({ end: "cancelled" });
    expect([...pids, step.pid].filter(isAlive)).toEqual([]);
  });

  test("gives the whole group the grace, not only the command", async () => {
    const other = openStepRunner({ graceMs: 8000 });
    const { step, stdout, finished } = await other.start({ command: { path: "wait-for-child", args: [] } });
    await until("the child is ready", () => stdout() === "ready\n");
    step.cancel();
    expect(await finished).toMatchObject({ end: "cancelled", code: 143, stdout: "ready\nchild finished\n" });
    await other.close();
  });

  test("does not wait out the grace when all ended before", async () => {
    const other = openStepRunner({ graceMs: 60_000 });
    const { step, finished } = await other.start({ command: "sleep 30 & sleep 30" });
    await Bun.sleep(100);
    step.cancel();
    expect(await finished).toMatchObject({ end: "cancelled", code: 143 });
    await other.close();
  });

  test("catches processes that go on breeding in new sessions", async () => {
    const file = join(runner.dir, "breeding");
    const { step, stdout, finished } = await runner.start({ command: { path: "breed-sessions", args: [file] } });
    await until("it breeds", () => stdout() === "ready\n" && existsSync(file) && readFileSync(file).length > 0);
    step.cancel();
    await finished;
    const last = readFileSync(file, "utf8");
    await Bun.sleep(200);
    expect(readFileSync(file, "utf8")).toBe(last);
  });

  test("ends fifty steps together, and no other step", async () => {
    const bystander = await runner.start({ command: "sleep 30" });
    const steps = await Promise.all(
      Array.from({ length: 50 }, () => runner.start({ command: "setsid sleep 30 & wait" })),
    );
    for (const { step } of steps) step.cancel();
    const ends = await Promise.all(steps.map(({ finished }) => finished));
    expect(ends.every(({ end }) => end === "cancelled")).toBe(true);
    expect(isAlive(bystander.step.pid)).toBe(true);
    bystander.step.cancel();
    await bystander.finished;
  });

  test("counts as cancelled though the time limit passes in the grace", async () => {
    const { step, stdout, finished } = await runner.start({
      command: { path: "ignore-term", args: [] },
      timeoutMs: 1500,
    });
    await until("it is ready", () => stdout() === "ready\n");
    step.cancel();
    expect((await finished).end).toBe("cancelled");
  });
});

describe("a time limit", () => {
  test("ends processes in other sessions too, and says how", async () => {
    const file = join(runner.dir, "timed-out-pids");
    const command = { path: "scatter-children", args: [file] };
    const outcome = await runner.run({ command, timeoutMs: 1200 });
    expect(outcome).toMatchObject({ end: "timed_out", code: 124, stdout: "ready\n" });
    expect(outcome.message).toBe("not finished within 1.2 s; killed, as it did not end within 300 ms of SIGTERM");
    expect(pidsIn(file).filter(isAlive)).toEqual([]);
  });

  test("does nothing to a step that ended in time", async () => {
    const { end, code } = await runner.run({ command: "sleep 0.1; exit 2", timeoutMs: 5000 });
    expect({ end, code }).toEqual({ end: "exited", code: 2 });
  });
});

describe("a command that ends by itself", () => {
  test("leaves its background processes running", async () => {
    const file = join(runner.dir, "left-pids");
    const { end, code } = await runner.run({ command: { path: "scatter-children", args: [file, "9"] } });
    expect({ end, code }).toEqual({ end: "exited", code: 9 });
    const pids = pidsIn(file);
    expect(pids.filter(isAlive)).toEqual(pids);
    for (const pid of pids) process.kill(pid, "SIGKILL");
  });
});

describe("signals from inside and outside", () => {
  test.each(["TERM", "INT", "HUP", "QUIT", "USR1", "USR2", "ALRM", "PIPE"])(
    "SIG%s to the whole group reaches the command, and the status is still reported",
    async (signal) => {
      const command = `trap 'echo got; exit 6' ${signal}; kill -${signal} 0; sleep 5`;
      const { end, code, stdout } = await runner.run({ command });
      expect({ end, code, stdout }).toEqual({ end: "exited", code: 6, stdout: "got\n" });
    },
  );

  // A service manager that ends a whole service tells its processes in any order.
  test("SIGTERM to the whole group from outside is reported so late that the server can stop before", async () => {
    const { step, finished, stdout } = await runner.start({ command: "echo up; sleep 30" });
    await until("the command is there", () => stdout() === "up\n");
    let isReported = false;
    void finished.then(() => (isReported = true));
    process.kill(-step.pid, "SIGTERM");
    await until("the group has ended", () => !isAlive(step.pid));
    await Bun.sleep(200);
    expect(isReported).toBe(false);
    expect(await finished).toMatchObject({ end: "signalled", code: 143, stdout: "up\n" });
  });

  test("to the wrapper alone do not end the step", async () => {
    const command = "kill -TERM $PPID; kill -INT $PPID; kill -HUP $PPID; sleep 0.1; echo still here; exit 3";
    const { end, code, stdout } = await runner.run({ command });
    expect({ end, code, stdout }).toEqual({ end: "exited", code: 3, stdout: "still here\n" });
  });

  test("SIGKILL of the wrapper interrupts the step, and nothing of it is left", async () => {
    const { step, finished, stdout } = await runner.start({ command: "echo $$; exec sleep 30" });
    await until("the command is there", () => stdout().endsWith("\n"));
    process.kill(step.pid, "SIGKILL");
    const outcome = await finished;
    expect(outcome).toMatchObject({ end: "interrupted", code: 137 });
    expect(outcome.message).toContain("killed from outside");
    expect(isAlive(Number(outcome.stdout))).toBe(false);
  });

  test("SIGKILL of the whole group interrupts the step at once", async () => {
    const { step, finished } = await runner.start({ command: "echo partial; sleep 30" });
    await Bun.sleep(100);
    process.kill(-step.pid, "SIGKILL");
    expect(await finished).toMatchObject({ end: "interrupted", code: 137, stdout: "partial\n" });
  });
});

describe("too much output", () => {
  test("ends the step, and no more than the limit is handed over", async () => {
    const other = openStepRunner({ maxOutputBytes: 1_000_000 });
    const outcome = await other.run({ command: "yes; true" });
    expect(outcome.end).toBe("output_limit");
    expect(outcome.code).not.toBe(0);
    expect(outcome.message).toContain("--max-step-output");
    expect(outcome.stdout.length).toBe(1_000_000);
    await other.close();
  });

  test("counts both streams together", async () => {
    const other = openStepRunner({ maxOutputBytes: 100_000 });
    const half = "head -c 60000 /dev/zero";
    expect((await other.run({ command: `${half}; ${half} >&2; sleep 20` })).end).toBe("output_limit");
    expect((await other.run({ command: `${half}; exit 1` })).end).toBe("exited");
    await other.close();
  });

  test("is noticed while the reader stands still", async () => {
    const other = openStepRunner({ maxOutputBytes: 1_000_000 });
    const gate = Promise.withResolvers<void>();
    const { step, finished } = await other.start({ command: "echo first; sleep 0.1; exec yes" }, () => gate.promise);
    await until("the step is ended", () => !isAlive(step.pid));
    gate.resolve();
    expect((await finished).end).toBe("output_limit");
    await other.close();
  });

  test("is noticed in a step too quick to be watched", async () => {
    const other = openStepRunner({ maxOutputBytes: 10 });
    const outcome = await other.run({ command: "echo eleven or more" });
    expect(outcome).toMatchObject({ end: "output_limit", stdout: "eleven or " });
    expect(outcome.code).not.toBe(0);
    await other.close();
  });

  test("is noticed of a file made large without writing, without reading it all", async () => {
    const { end, code } = await openAndRun("truncate -s 1T /proc/self/fd/1; sleep 20");
    expect(end).toBe("output_limit");
    expect(code).not.toBe(0);
  });

  async function openAndRun(command: string): Promise<{ end: string; code: number }> {
    const other = openStepRunner({ maxOutputBytes: 1_000_000 });
    const outcome = await other.run({ command });
    await other.close();
    return outcome;
  }
});

describe("a step that meddles with its own files", () => {
  test("by truncating its stdout goes on being read", async () => {
    const { end, code, stdout } = await runner.run({ command: { path: "truncate-output", args: [] } });
    expect({ end, code, stdout }).toEqual({ end: "exited", code: 0, stdout: "first\nsecond\nthird\n" });
  });

  test("by truncating it over and over ends like any other", async () => {
    const script = "i=0; while [ $i -lt 300 ]; do head -c 100000 /dev/zero; : >/dev/stdout; i=$((i+1)); done; exit 5";
    expect((await runner.run({ command: script })).code).toBe(5);
  });

  test("by removing its whole folder still reports output and status", async () => {
    const script = 'rm -rf "${TMPDIR%/tmp}"; sleep 0.1; ls -d "$TMPDIR" 2>/dev/null; echo gone; exit 8';
    const { end, code, stdout } = await runner.run({ command: script });
    expect({ end, code, stdout }).toEqual({ end: "exited", code: 8, stdout: "gone\n" });
  });

  test("by writing rubbish into its status file is not believed", async () => {
    const { end, code } = await runner.run({ command: 'echo "0 rubbish" >>"$TMPDIR/../status"; exit 4' });
    expect({ end, code }).toEqual({ end: "exited", code: 4 });
  });
});

describe("a reader that fails", () => {
  test("costs the output, not the outcome", async () => {
    const { finished } = await runner.start({ command: "echo one; sleep 0.2; echo two; exit 3" }, () => {
      throw new Error("reader broke");
    });
    expect(await finished).toMatchObject({ end: "exited", code: 3 });
    expect(runner.warnings.filter((warning) => warning.includes("reader broke"))).toHaveLength(1);
  });
});

describe("waiting", () => {
  test("for a grace goes by the clock it was given", async () => {
    const delays: number[] = [];
    const clock = {
      ...systemClock,
      after: (delayMs: number, callback: () => void) => (delays.push(delayMs), systemClock.after(delayMs, callback)),
    };
    const other = openStepRunner({ clock });
    await other.run({ command: "sleep 20", timeoutMs: 123 });
    expect(delays).toContain(123);
    await other.close();
  });
});

describe("memory", () => {
  test("stays flat while a step writes 300 MB", async () => {
    const program = join(import.meta.dir, "../../fixtures/steps/measure-output-memory.ts");
    const child = Bun.spawn([process.execPath, program, join(runner.dir, "memory"), "300000000"], {
      stderr: "inherit",
    });
    const measured = JSON.parse(await child.stdout.text()) as { received: number; grownBytes: number };
    expect(measured.received).toBe(300_000_000);
    expect(measured.grownBytes).toBeLessThan(100_000_000);
  });
});
