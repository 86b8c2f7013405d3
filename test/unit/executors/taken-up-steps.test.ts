// Processes that an earlier life of the server started, where something went wrong with them or their files meanwhile.

import { afterAll, describe, expect, test } from "bun:test";
import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { StepSpec } from "../../../src/executors/executors.ts";
import {
  earlierLife,
  encoded,
  nothingTaken,
  openServerLife,
  type ServerLife,
  type Streams,
} from "../../conformance/executors/earlier-life.ts";
import {
  isAlive,
  openStepRunner,
  type SpecPart,
  type StartedStep,
  testPath,
  until,
} from "../../conformance/executors/step-runner.ts";

const runner = openStepRunner();
const { spoolDir } = runner;
const lives: ServerLife[] = [];
afterAll(async () => {
  for (const life of lives) await life.kill();
  await runner.close();
});

const fileOf = ({ stepId }: StepSpec, name: string): string => join(spoolDir, stepId, name);
const textOf = (spec: StepSpec, name: string): string => readFileSync(fileOf(spec, name), "latin1");

interface Left {
  readonly spec: StepSpec;
  readonly output: Streams;
  /** The wrapper, which is also the number of its group. */
  readonly pid: number;
}

/** Starts a step and kills its server once it has printed `text`; what that was handed over counts as taken. */
async function startAndDie(part: SpecPart, text = "up\n"): Promise<Left> {
  const spec = runner.complete(part);
  const life = serve({ spec });
  await life.printed(spec.stepId, text);
  const { pid } = await life.said("started", spec.stepId);
  await until("it is noted", () => existsSync(fileOf(spec, "process")));
  await life.kill();
  return { spec, output: life.output(spec.stepId), pid: pid ?? 0 };
}

function serve(step: { readonly spec: StepSpec; readonly taken?: ReturnType<typeof encoded> }): ServerLife {
  const life = openServerLife({ spoolDir, path: testPath, steps: [step] });
  lives.push(life);
  return life;
}

async function takeUp({ spec, output }: Pick<Left, "spec" | "output">): Promise<StartedStep> {
  const step = await runner.attach(spec, earlierLife(output));
  if (typeof step === "string") throw new Error(`${spec.stepId} was not taken up`);
  return step;
}

/** Its process, as it was noted, with changes. */
function rewriteNote(spec: StepSpec, changes: Readonly<Record<string, unknown>>): void {
  writeFileSync(fileOf(spec, "process"), JSON.stringify({ ...JSON.parse(textOf(spec, "process")), ...changes }));
}

/** Resolves when it is dead: a signal takes its time. */
async function kill(pid: number, which: "alone" | "with its group"): Promise<void> {
  process.kill(which === "alone" ? pid : -pid, "SIGKILL");
  await until("it is dead", () => !isAlive(pid));
}

const hasEnded = (spec: StepSpec): boolean => /\n\d+\n$/.test(textOf(spec, "status"));

describe("a server that died before it noted the process", () => {
  test("has left it running", async () => {
    const left = await startAndDie({ command: "setsid sleep 30 & echo up; sleep 0.5; echo more; kill $!; exit 3" });
    rmSync(fileOf(left.spec, "process"));
    const step = await takeUp(left);
    expect(await step.finished).toMatchObject({ end: "exited", code: 3, stdout: "more\n" });
    expect(step.step.pid).toBe(left.pid);
    expect(JSON.parse(textOf(left.spec, "process"))).toMatchObject({ pid: left.pid });
  });

  test("has left it ended", async () => {
    const left = await startAndDie({ command: "echo up; sleep 0.3; exit 4" });
    await until("it has ended", () => hasEnded(left.spec));
    rmSync(fileOf(left.spec, "process"));
    expect(await (await takeUp(left)).finished).toMatchObject({ end: "exited", code: 4 });
  });

  test("has left no more than a folder", async () => {
    const files = [[], ["stdout"], ["stdout", "stderr", "status"]];
    for (const names of files) {
      const spec = runner.complete({ command: "echo begun" });
      mkdirSync(join(spoolDir, spec.stepId), { recursive: true });
      for (const name of names) writeFileSync(fileOf(spec, name), name === "status" ? "\n" : "");
      expect(await runner.attach(spec, earlierLife(nothingTaken, 1))).toBe("not_begun");
      expect(existsSync(join(spoolDir, spec.stepId))).toBe(false);
      expect((await runner.run(spec)).stdout).toBe("begun\n");
    }
  });

  test("has lost it in its first moments: it has begun, though nobody has noted its process", async () => {
    const spec = runner.complete({ command: "true" });
    mkdirSync(join(spoolDir, spec.stepId), { recursive: true });
    // The line of the server and that of the wrapper.
    for (const name of ["stdout", "stderr", "status"])
      writeFileSync(fileOf(spec, name), name === "status" ? "\n\n" : "");
    expect(await runner.attach(spec, earlierLife(nothingTaken, 1))).toBe("interrupted");
  });
});

describe("a machine that was started anew", () => {
  test("has interrupted the step, whoever has its number now", async () => {
    const left = await startAndDie({ command: "echo up; exec sleep 30" });
    await kill(left.pid, "with its group");
    const innocent = Bun.spawn(["sleep", "30"], { detached: true });
    const startTicks = Number(
      readFileSync(`/proc/${innocent.pid}/stat`, "latin1")
        .replace(/^.*\) /, "")
        .split(" ")[19],
    );
    rewriteNote(left.spec, { pid: innocent.pid, startTicks, bootId: randomUUID() });
    expect(await runner.attach(left.spec, earlierLife(left.output))).toBe("interrupted");
    expect(isAlive(innocent.pid)).toBe(true);
    innocent.kill("SIGKILL");
    await innocent.exited;
  });

  test("has not undone what had ended before", async () => {
    const left = await startAndDie({ command: "echo up; sleep 0.2; echo done; exit 5" });
    await until("it has ended", () => hasEnded(left.spec));
    rewriteNote(left.spec, { bootId: randomUUID() });
    expect(await (await takeUp(left)).finished).toMatchObject({ end: "exited", code: 5, stdout: "done\n" });
  });
});

describe("a machine that was shut down", () => {
  test("has interrupted a step that something but the shutdown itself has killed for it", async () => {
    const left = await startAndDie({ command: "echo $$; echo up; exec sleep 30" });
    process.kill(Number.parseInt(left.output.stdout.toString(), 10), "SIGTERM");
    await until("it has ended", () => hasEnded(left.spec));
    rewriteNote(left.spec, { bootId: randomUUID() });
    expect(await runner.attach(left.spec, earlierLife(left.output))).toBe("interrupted");
  });
});

describe("a number that another process was given", () => {
  test("is not taken for the step", async () => {
    const left = await startAndDie({ command: "echo up; exec sleep 30" });
    await kill(left.pid, "with its group");
    const innocent = Bun.spawn(["sleep", "30"], { detached: true });
    rewriteNote(left.spec, { pid: innocent.pid, startTicks: 1 });
    expect(await runner.attach(left.spec, earlierLife(left.output))).toBe("interrupted");
    expect(isAlive(innocent.pid)).toBe(true);
    innocent.kill("SIGKILL");
    await innocent.exited;
  });
});

describe("a wrapper that is killed alone", () => {
  test("while no server is there leaves nothing of the step, which can be started again", async () => {
    const left = await startAndDie({ command: "setsid sleep 31 & echo $!; echo $$; echo up; exec sleep 30" });
    const pids = left.output.stdout.toString().split("\n").slice(0, 2).map(Number);
    await kill(left.pid, "alone");
    expect(pids.filter(isAlive)).toEqual(pids);
    expect(await runner.attach(left.spec, earlierLife(left.output))).toBe("interrupted");
    await until("all are dead", () => pids.filter(isAlive).length === 0);
    expect(existsSync(join(spoolDir, left.spec.stepId))).toBe(false);
    expect((await runner.run({ ...left.spec, command: "echo again" })).stdout).toBe("again\n");
  });

  test("before it was noted is not taken for another process of the step", async () => {
    const left = await startAndDie({ command: "setsid sleep 31 & echo up; exec sleep 30" });
    rmSync(fileOf(left.spec, "process"));
    await kill(left.pid, "with its group");
    expect(await runner.attach(left.spec, earlierLife(left.output))).toBe("interrupted");
  });

  test("after the step was taken up interrupts it, and nothing of it is left", async () => {
    const left = await startAndDie({ command: "echo $$; echo up; exec sleep 30" });
    const step = await takeUp(left);
    await kill(left.pid, "alone");
    expect(await step.finished).toMatchObject({ end: "interrupted", code: 137 });
    const command = Number.parseInt(left.output.stdout.toString(), 10);
    await until("the command is dead", () => !isAlive(command));
  });

  test("in an ending by its server has not made the step one to be run again", async () => {
    const spec = runner.complete({ command: { path: "ignore-term", args: [] }, timeoutMs: 300 });
    const life = openServerLife({ spoolDir, path: testPath, steps: [{ spec }], graceMs: 60_000 });
    lives.push(life);
    await life.printed(spec.stepId, "ready");
    const { pid } = await life.said("started", spec.stepId);
    await until("it is being ended", () => existsSync(fileOf(spec, "ending")));
    await life.kill();
    await kill(pid ?? 0, "with its group");
    const step = await takeUp({ spec, output: life.output(spec.stepId) });
    expect(await step.finished).toMatchObject({ end: "timed_out", code: 124 });
  });
});

describe("a step that was told to end while no server was there", () => {
  const tell = async ({ spec, pid }: Left): Promise<void> => {
    process.kill(-pid, "SIGTERM");
    await until("it has ended", () => hasEnded(spec));
  };

  test.each([
    ["dies of it", "exec sleep 30"],
    ["fails for it", "trap 'exit 20' TERM; while :; do sleep 0.02; done"],
  ])("is interrupted where it %s, and nothing of it is left", async (_how, command) => {
    const left = await startAndDie({ command: `setsid sleep 31 & echo $!; echo up; ${command}` });
    const child = Number.parseInt(left.output.stdout.toString(), 10);
    await tell(left);
    expect(isAlive(child)).toBe(true);
    expect(await runner.attach(left.spec, earlierLife(left.output))).toBe("interrupted");
    await until("it is dead", () => !isAlive(child));
  });

  test("is done where it ends well all the same", async () => {
    const left = await startAndDie({
      command: "trap 'echo saved; exit 0' TERM; echo up; while :; do sleep 0.02; done",
    });
    await tell(left);
    expect(await (await takeUp(left)).finished).toMatchObject({ end: "exited", code: 0, stdout: "saved\n" });
  });

  test("has its real outcome where only its command was told", async () => {
    const left = await startAndDie({ command: "echo $$; echo up; exec sleep 30" });
    process.kill(Number.parseInt(left.output.stdout.toString(), 10), "SIGTERM");
    await until("it has ended", () => hasEnded(left.spec));
    expect(await (await takeUp(left)).finished).toMatchObject({ end: "signalled", code: 143 });
  });
});

describe("a step that empties its output", () => {
  const command = (more: string): string => `echo first; sleep 0.2; ${more}; exit 6`;

  test("while no server reads it has written what is there now", async () => {
    const left = await startAndDie({ command: command("echo up; sleep 0.4; echo x >/dev/stdout; echo y") });
    await until("it has ended", () => hasEnded(left.spec));
    expect(await (await takeUp(left)).finished).toMatchObject({ code: 6, stdout: "x\ny\n" });
  });

  test("and writes more than was there has written all of that", async () => {
    const left = await startAndDie({
      command: command("echo up; sleep 0.4; echo a longer line than was there >/dev/stdout"),
    });
    await until("it has ended", () => hasEnded(left.spec));
    const { stdout, pieces } = await (await takeUp(left)).finished;
    expect([stdout, pieces[0]?.offset]).toEqual(["a longer line than was there\n", 9]);
  });

  test("while an earlier life reads it goes on in the midst of what is there now, in every life", async () => {
    // The same line over and over: only the place tells what is new.
    const repeat = 'i=0; while [ $i -lt 30 ]; do echo "again and again"; i=$((i+1)); sleep 0.05; done';
    const left = await startAndDie({ command: command(`echo "again and again" >/dev/stdout; echo up; ${repeat}`) });
    const second = serve({ spec: left.spec, taken: encoded(left.output) });
    await second.printed(left.spec.stepId, "again and again\nagain and again\n");
    await second.kill();
    const more = second.output(left.spec.stepId);
    const output = { ...left.output, stdout: Buffer.concat([left.output.stdout, more.stdout]) };
    const { code, stdout } = await (await takeUp({ ...left, output })).finished;
    const expected = `first\nagain and again\nup\n${"again and again\n".repeat(30)}`;
    expect([code, output.stdout.toString() + stdout]).toEqual([6, expected]);
  });

  test("of which not all is known to have been taken has written all that is there now", async () => {
    const left = await startAndDie({ command: command("echo up >/dev/stdout; sleep 0.4; echo more") });
    const output = { ...left.output, stdout: left.output.stdout.subarray(0, 2) };
    const { stdout, pieces } = await (await takeUp({ ...left, output })).finished;
    expect([output.stdout.toString(), stdout, pieces[0]?.offset]).toEqual(["fi", "up\nmore\n", 2]);
  });
});

describe("a step that is kept for its run and not taken up", () => {
  test.each([
    ["discarded", async ({ stepId }: StepSpec) => await runner.executor.discard(stepId)],
    ["left when its run ends", async ({ runId }: StepSpec) => await runner.executor.endRun(runId)],
  ])("is ended where it is %s", async (_how, end) => {
    const left = await startAndDie({ command: "echo up; exec sleep 30" });
    await runner.executor.cleanLeftovers(new Set([left.spec.stepId]));
    expect(isAlive(left.pid)).toBe(true);
    await end(left.spec);
    await until("it is dead", () => !isAlive(left.pid));
    expect(existsSync(join(spoolDir, left.spec.stepId))).toBe(false);
  });

  test("and runs in a container is not for the executor of processes to end", async () => {
    const { stepId, runId } = runner.complete({ command: "true" });
    const inContainer = Bun.spawn(["sleep", "30"], { env: { RUNNER_STEP_ID: stepId } });
    await runner.executor.cleanLeftovers(new Set([stepId]));
    await runner.executor.endRun(runId);
    await runner.executor.discard(stepId);
    expect(isAlive(inContainer.pid)).toBe(true);
    inContainer.kill("SIGKILL");
    await inContainer.exited;
  });
});

describe("a step that is taken up", () => {
  test("though it has removed its own folder reports output and status", async () => {
    const command = 'sleep 0.1; rm -rf "${TMPDIR%/tmp}"; echo up; sleep 0.5; echo more; exit 8';
    const spec = runner.complete({ command });
    const life = serve({ spec });
    await life.printed(spec.stepId, "up\n");
    await life.kill();
    expect(existsSync(join(spoolDir, spec.stepId))).toBe(false);
    const step = await takeUp({ spec, output: life.output(spec.stepId) });
    expect(await step.finished).toMatchObject({ end: "exited", code: 8, stdout: "more\n" });
  });

  test("is not believed what it writes into its status file itself", async () => {
    const command = 'echo up; echo 0 >>"$TMPDIR/../status"; sleep 0.5; echo more; exit 4';
    const left = await startAndDie({ command });
    expect(await (await takeUp(left)).finished).toMatchObject({ end: "exited", code: 4, stdout: "more\n" });
  });

  test("is cancelled with every process of it, wherever those went", async () => {
    const file = join(runner.dir, "taken-up-pids");
    const left = await startAndDie({ command: { path: "scatter-children", args: [file] } }, "ready\n");
    const pids = readFileSync(file, "utf8").trim().split("\n").map(Number);
    expect(pids.filter(isAlive)).toEqual(pids);
    const step = await takeUp(left);
    step.step.cancel();
    expect(await step.finished).toMatchObject({ end: "cancelled" });
    await until("all are dead", () => [...pids, left.pid].filter(isAlive).length === 0);
  });

  test("leaves its mounts in no folder of the author's", async () => {
    const [source, workDir] = [join(runner.dir, "volume"), join(runner.dir, "author")];
    for (const folder of [source, workDir]) mkdirSync(folder);
    const mounts = [{ target: "src", source, readOnly: false }];
    const left = await startAndDie({ command: "echo up; sleep 0.3", workDir, mounts });
    expect(readdirSync(workDir)).toEqual(["src"]);
    expect((await (await takeUp(left)).finished).code).toBe(0);
    expect(readdirSync(workDir)).toEqual([]);
  });

  test("is one of many", async () => {
    const specs = Array.from({ length: 40 }, (_, i) => runner.complete({ command: `echo ${i}; sleep 1; exit ${i}` }));
    const life = openServerLife({ spoolDir, path: testPath, steps: specs.map((spec) => ({ spec })) });
    lives.push(life);
    for (const [i, { stepId }] of specs.entries()) await life.printed(stepId, `${i}\n`);
    await life.kill();
    const steps = await Promise.all(specs.map((spec) => takeUp({ spec, output: life.output(spec.stepId) })));
    const codes = await Promise.all(steps.map(async ({ finished }) => (await finished).code));
    expect(codes).toEqual(specs.map((_, i) => i));
  });
});
