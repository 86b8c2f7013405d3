// Steps in containers that an earlier life of the server started, where the process attached to them is lost, or they
// are, tried on the engine of this machine.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Buffer } from "node:buffer";
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { ContainerPlace, StepSpec } from "../../../src/executors/executors.ts";
import { answers, prepareImages } from "../../fixtures/images/images.ts";
import { earlierLife, encoded, nothingTaken, openServerLife, type ServerLife, type Streams } from "./earlier-life.ts";
import {
  containerOf,
  isAlive,
  openContainerRunner,
  type SpecPart,
  type StartedStep,
  type StepRunner,
  until,
} from "./step-runner.ts";

const busybox = containerOf("busybox");
const path = Bun.env["PATH"] ?? "";

function docker(...args: readonly string[]): string {
  return Bun.spawnSync(["docker", ...args])
    .stdout.toString()
    .trim();
}

const nameOf = ({ stepId }: StepSpec): string => `runner-${stepId.replace(".", "-")}`;
const stateOf = (spec: StepSpec): string => docker("inspect", "--format={{.State.Status}}", nameOf(spec));

describe.skipIf(!answers("docker"))("a container of an earlier life", () => {
  let runner: StepRunner;
  const lives: ServerLife[] = [];
  beforeAll(async () => {
    await prepareImages();
    runner = openContainerRunner();
  });
  afterAll(async () => {
    for (const life of lives) await life.kill();
    const label = `label=runner.server=${readFileSync(join(runner.spoolDir, "server"), "utf8").trim()}`;
    await runner.close();
    expect(docker("ps", "--all", `--filter=${label}`, "--format={{.Names}}")).toBe("");
  });

  interface Left {
    readonly spec: StepSpec;
    readonly output: Streams;
    /** The wrapper, which is also the number of its group. */
    readonly pid: number;
  }

  async function startAndDie(part: SpecPart, text = "up\n"): Promise<Left> {
    const spec = runner.complete(part);
    const life = serve({ spec });
    await life.printed(spec.stepId, text);
    await until("its process is noted", () => existsSync(join(runner.spoolDir, spec.stepId, "process")));
    await life.kill();
    return { spec, output: life.output(spec.stepId), pid: pidOf(spec) };
  }

  function serve(
    ...steps: readonly { readonly spec: StepSpec; readonly taken?: ReturnType<typeof encoded> }[]
  ): ServerLife {
    const life = openServerLife({ engine: "docker", spoolDir: runner.spoolDir, path, steps });
    lives.push(life);
    return life;
  }

  function pidOf({ stepId }: StepSpec): number {
    const noted = readFileSync(join(runner.spoolDir, stepId, "process"), "utf8");
    return (JSON.parse(noted) as { readonly pid: number }).pid;
  }

  async function takeUp({ spec, output }: Pick<Left, "spec" | "output">): Promise<StartedStep> {
    const step = await runner.attach(spec, earlierLife(output));
    if (typeof step === "string") throw new Error(`${spec.stepId} was not taken up`);
    return step;
  }

  const interrupted = async ({ spec, output }: Pick<Left, "spec" | "output">): Promise<boolean> =>
    (await runner.attach(spec, earlierLife(output))) === "interrupted";

  /** As a service manager does that ends all processes of a service: the container is none of them. */
  async function loseWrapper({ pid }: Pick<Left, "pid">): Promise<void> {
    process.kill(-pid, "SIGKILL");
    await until("it is dead", () => !isAlive(pid));
  }

  const whole = (output: Streams, step: StartedStep): { readonly stdout: string; readonly stderr: string } => ({
    stdout: Buffer.concat([output.stdout, step.bytes("stdout")]).toString(),
    stderr: Buffer.concat([output.stderr, step.bytes("stderr")]).toString(),
  });

  /** Text of all kinds, more of it than a pipe holds, and no line break at the end. */
  const talk =
    'i=0; while [ $i -lt 300 ]; do echo "out $i é😀"; echo "err $i" >&2; i=$((i+1)); done; printf "\\n\\n\\r\\n\\000\\n"; head -c 70000 /dev/zero | tr "\\000" x; echo; printf "rest é"; printf "rest 😀" >&2';
  const said = {
    stdout: `${lines("out", " é😀")}\n\n\r\n\0\n${"x".repeat(70_000)}\nrest é`,
    stderr: `${lines("err", "")}rest 😀`,
  };
  function lines(word: string, end: string): string {
    return Array.from({ length: 300 }, (_, i) => `${word} ${i}${end}\n`).join("");
  }

  describe("whose attached process was killed alone", () => {
    test("goes on, and nothing of its output is lost or repeated", async () => {
      const left = await startAndDie({ command: `echo up; sleep 1; ${talk}; exit 5` });
      await loseWrapper(left);
      const step = await takeUp(left);
      expect(await step.finished).toMatchObject({ end: "exited", code: 5, message: null });
      expect(whole(left.output, step)).toEqual({ ...said, stdout: `up\n${said.stdout}` });
      expect(step.pieces()[0]?.offset).toBe(3);
    });

    test("and that ended meanwhile has its real outcome", async () => {
      const left = await startAndDie({ command: `echo up; ${talk}; sleep 0.5; exit 6` });
      await loseWrapper(left);
      await until("it has ended", () => stateOf(left.spec) === "exited");
      const step = await takeUp(left);
      expect(await step.finished).toMatchObject({ end: "exited", code: 6 });
      expect(whole(left.output, step)).toEqual({ ...said, stdout: `up\n${said.stdout}` });
    });

    test("while the engine's command lives on has one reader, not two", async () => {
      const left = await startAndDie({ command: { path: "exit-on-term", args: ["3"] } }, "ready\n");
      const command = Number(Bun.spawnSync(["pgrep", "-P", `${left.pid}`]).stdout.toString());
      process.kill(left.pid, "SIGKILL");
      await until("it is dead", () => !isAlive(left.pid));
      expect(isAlive(command)).toBe(true);
      const step = await takeUp(left);
      await until("its command is dead", () => !isAlive(command));
      step.step.cancel();
      expect(await step.finished).toMatchObject({ end: "cancelled", code: 3, stdout: "told\n" });
    });

    test("as its command was, has not been given up by its wrapper", async () => {
      const left = await startAndDie({ command: "echo up; sleep 1.5; echo end; exit 3" });
      Bun.spawnSync(["pkill", "-KILL", "-P", `${left.pid}`]);
      const status = join(runner.spoolDir, left.spec.stepId, "status");
      await until("the wrapper has ended", () => readFileSync(status, "latin1").endsWith("137\n"));
      const step = await takeUp(left);
      expect(await step.finished).toMatchObject({ end: "exited", code: 3, stdout: "end\n" });
    });

    test("several times outlives several servers", async () => {
      const left = await startAndDie({ command: `echo up; sleep 3; ${talk}; exit 7` });
      await loseWrapper(left);
      const second = serve({ spec: left.spec, taken: encoded(left.output) });
      const { pid } = await second.said("started", left.spec.stepId);
      await until("its new process is noted", () => pidOf(left.spec) === pid);
      await second.kill();
      await loseWrapper({ pid: pid ?? 0 });
      const step = await takeUp(left);
      expect(await step.finished).toMatchObject({ end: "exited", code: 7 });
      expect(whole(left.output, step)).toEqual({ ...said, stdout: `up\n${said.stdout}` });
    });

    test("is cancelled, and nothing of it is left", async () => {
      const left = await startAndDie({ command: { path: "exit-on-term", args: ["5"] } }, "ready\n");
      await loseWrapper(left);
      const step = await takeUp(left);
      step.step.cancel();
      expect(await step.finished).toMatchObject({ end: "cancelled", code: 5, stdout: "told\n" });
      await runner.executor.discard(left.spec.stepId);
      expect(stateOf(left.spec)).toBe("");
    });

    test("is interrupted where nobody can say how much of its stdin it was given", async () => {
      const left = await startAndDie({ command: "echo up; cat >/dev/null; exec sleep 60", stdin: "input\n" });
      await loseWrapper(left);
      expect(await interrupted(left)).toBe(true);
      expect(stateOf(left.spec)).toBe("");
    });
  });

  describe("that is not there as it was", () => {
    test("because somebody removed it is interrupted", async () => {
      const left = await startAndDie({ command: "echo up; exec sleep 60" });
      docker("rm", "--force", nameOf(left.spec));
      await until("its process has ended", () => !isAlive(left.pid));
      expect(await interrupted(left)).toBe(true);
      expect(existsSync(join(runner.spoolDir, left.spec.stepId))).toBe(false);
    });

    test("because it was made and not started has not begun, and can be started", async () => {
      const left = await startAndDie({ command: "echo up; exec sleep 60" });
      await loseWrapper(left);
      docker("rm", "--force", nameOf(left.spec));
      docker("create", `--name=${nameOf(left.spec)}`, "busybox", "true");
      expect(await runner.attach(left.spec, earlierLife(left.output))).toBe("not_begun");
      expect(stateOf(left.spec)).toBe("");
      expect((await runner.run({ ...left.spec, command: "echo again" })).stdout).toBe("again\n");
    });

    test("because the machine was started anew is interrupted", async () => {
      const left = await startAndDie({ command: "echo up; exec sleep 60" });
      await loseWrapper(left);
      docker("kill", nameOf(left.spec));
      const file = join(runner.spoolDir, left.spec.stepId, "process");
      const noted = JSON.parse(readFileSync(file, "utf8")) as object;
      writeFileSync(file, JSON.stringify({ ...noted, bootId: randomUUID() }));
      expect(await interrupted(left)).toBe(true);
      expect(stateOf(left.spec)).toBe("");
    });

    test("because it could not be started says why, as it would have", async () => {
      const spec = runner.complete({ command: { path: "no-such-command", args: [] } });
      const life = serve({ spec });
      await life.said("started", spec.stepId);
      const status = join(runner.spoolDir, spec.stepId, "status");
      await until("it has failed", () => existsSync(status) && /\n\d+\n$/.test(readFileSync(status, "latin1")));
      await life.kill();
      const step = await takeUp({ spec, output: nothingTaken });
      const thrown: unknown = await step.finished.catch((error: unknown) => error);
      expect(thrown).toMatchObject({ code: "STEP_NOT_STARTED", message: expect.stringContaining("no-such-command") });
    });
  });

  describe("that is kept open", () => {
    interface OpenLeft {
      readonly sandbox: StepSpec;
      readonly inside: StepSpec;
      readonly output: Streams;
    }
    const nextInside = ({ sandbox }: Pick<OpenLeft, "sandbox">, number: number, part: SpecPart): SpecPart => ({
      container: { type: "inside", sandbox: nameOf(sandbox) },
      runId: sandbox.runId,
      stepId: `${sandbox.runId}.${number}`,
      env: {},
      mounts: [],
      ...part,
    });

    async function openAndDie(command: string): Promise<OpenLeft> {
      const open: ContainerPlace = { ...busybox, type: "open" };
      const sandbox = runner.complete({ command: "", container: open, workDir: "/tmp" });
      const inside = runner.complete(nextInside({ sandbox }, 2, { command }));
      const life = serve({ spec: sandbox }, { spec: inside });
      await life.printed(inside.stepId, "up\n");
      await until("its process is noted", () => existsSync(join(runner.spoolDir, inside.stepId, "process")));
      await life.kill();
      return { sandbox, inside, output: life.output(inside.stepId) };
    }
    const reopen = async ({ sandbox }: OpenLeft): Promise<void> => {
      const step = await takeUp({ spec: sandbox, output: nothingTaken });
      expect(await step.finished).toMatchObject({ end: "exited", code: 0 });
    };

    test("is there again, and so is the command inside it", async () => {
      const left = await openAndDie("echo up; echo kept > file; sleep 0.5; echo end; echo error >&2; exit 4");
      // Its opening is long known to have ended, so nothing is kept of that but the container.
      await runner.executor.discard(left.sandbox.stepId);
      await reopen(left);
      const step = await takeUp({ spec: left.inside, output: left.output });
      expect(await step.finished).toMatchObject({ end: "exited", code: 4, stdout: "end\n", stderr: "error\n" });
      const more = await runner.run(nextInside(left, 3, { command: "cat file; pwd", workDir: "." }));
      expect(more.stdout).toBe("kept\n/tmp\n");
      await runner.executor.closeSandbox(left.sandbox.runId, nameOf(left.sandbox));
      expect(stateOf(left.sandbox)).toBe("");
    });

    test("outlives its command that has lost its process and cannot be found again", async () => {
      const left = await openAndDie("echo up; trap '' TERM; sleep 61 & exec sleep 60");
      await reopen(left);
      await loseWrapper({ pid: pidOf(left.inside) });
      expect(await interrupted({ spec: left.inside, output: left.output })).toBe(true);
      const { stdout } = await runner.run(nextInside(left, 3, { command: "ps -o args | grep -c '^sleep 6'; true" }));
      expect(stdout).toBe("0\n");
      await runner.executor.endRun(left.sandbox.runId);
      expect(stateOf(left.sandbox)).toBe("");
    });

    test("and was ended meanwhile interrupts what was inside, and its opening", async () => {
      const left = await openAndDie("echo up; exec sleep 60");
      docker("kill", nameOf(left.sandbox));
      await until("the command has ended", () => !isAlive(pidOf(left.inside)));
      expect(await interrupted({ spec: left.sandbox, output: nothingTaken })).toBe(true);
      expect(stateOf(left.sandbox)).toBe("");
      const thrown: unknown = await runner
        .run(nextInside(left, 3, { command: "true" }))
        .catch((error: unknown) => error);
      expect(thrown).toMatchObject({ code: "STEP_NOT_STARTED", message: expect.stringContaining("is closed") });
    });

    test("goes with its run, or is closed, where nobody has used it since", async () => {
      const [first, second] = [await openAndDie("echo up; exec sleep 60"), await openAndDie("echo up; exec sleep 60")];
      const next = openContainerRunner({ spoolDir: runner.spoolDir });
      await next.executor.cleanLeftovers(new Set([first.sandbox.stepId, second.sandbox.stepId]));
      expect([stateOf(first.sandbox), stateOf(second.sandbox)]).toEqual(["running", "running"]);
      await next.executor.endRun(first.sandbox.runId);
      await next.executor.closeSandbox(second.sandbox.runId, nameOf(second.sandbox));
      expect([stateOf(first.sandbox), stateOf(second.sandbox)]).toEqual(["", ""]);
      await next.close();
    });
  });
});
