// What every executor promises about steps that an earlier life of the server started, tried with servers that are
// killed: as processes, and in containers of the engines that this machine has.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { Buffer } from "node:buffer";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir, uptime } from "node:os";
import { join } from "node:path";
import type { ContainerExecutorOptions, StepSpec } from "../../../src/executors/executors.ts";
import type { ServeOrder } from "../../fixtures/steps/serve-steps.ts";
import { answers, prepareImages } from "../../fixtures/images/images.ts";
import {
  earlierLife,
  encoded,
  nothingTaken,
  openServerLife,
  type ServerLife,
  type Streams,
  takenOf,
} from "./earlier-life.ts";
import {
  openContainerRunner,
  openStepRunner,
  type SpecPart,
  type StartedStep,
  type StepRunner,
  testPath,
  until,
} from "./step-runner.ts";

interface Subject {
  readonly isMissing: boolean;
  readonly engine?: "docker" | "podman";
  readonly env?: Readonly<Record<string, string | undefined>>;
}

const dir = mkdtempSync(join(tmpdir(), "runner-lives-"));
const conf = join(dir, "containers.conf");
// Its own limits are more than a confined machine lets it set.
writeFileSync(conf, '[containers]\ndefault_ulimits = ["nofile=1024:1024", "nproc=4096:4096"]\n');
afterAll(() => rmSync(dir, { recursive: true }));

const podman: Subject = { isMissing: false, engine: "podman", env: { ...Bun.env, CONTAINERS_CONF: conf } };
const subjects: [string, Subject][] = [
  ["a process", { isMissing: false }],
  ["a container of docker", { isMissing: !answers("docker"), engine: "docker" }],
];
// The gate does not install it.
if (answers("podman")) subjects.push(["a container of podman", podman]);

describe.each(subjects)("%s:", (_name, subject) => {
  describe.skipIf(subject.isMissing)("a step of an earlier life", () => contract(subject));
});

function contract({ engine, env = Bun.env }: Subject): void {
  const lives: ServerLife[] = [];
  const runners: StepRunner[] = [];
  let runner: StepRunner;
  beforeAll(async () => {
    if (engine) await prepareImages(engine);
    runner = open();
  });
  afterAll(async () => {
    for (const life of lives) await life.kill();
    for (const each of runners.toReversed()) await each.close();
  });

  /** Another life of the same server. */
  function open(options: Partial<Pick<ContainerExecutorOptions, "spoolDir" | "maxOutputBytes">> = {}): StepRunner {
    const opened =
      engine === undefined ? openStepRunner(options) : openContainerRunner({ choice: engine, env, ...options });
    runners.push(opened);
    return opened;
  }

  function serve(steps: ServeOrder["steps"], more: Partial<ServeOrder> = {}): ServerLife {
    const { spoolDir } = runner;
    const path = engine === undefined ? testPath : (Bun.env["PATH"] ?? "");
    const life = openServerLife({ ...(engine ? { engine } : {}), spoolDir, path, steps, ...more }, env);
    lives.push(life);
    return life;
  }

  /** Starts a step and kills its server once it has printed `text`. */
  async function startAndDie(
    part: SpecPart,
    text: string,
    more: Partial<ServeOrder> = {},
  ): Promise<{ readonly spec: StepSpec; readonly output: Streams }> {
    const spec = runner.complete(part);
    const life = serve([{ spec }], more);
    await life.printed(spec.stepId, text);
    await life.kill();
    return { spec, output: life.output(spec.stepId) };
  }

  async function takeUp(spec: StepSpec, taken: Streams, spentMs = 0, by = runner): Promise<StartedStep> {
    const step = await by.attach(spec, earlierLife(taken, spentMs));
    if (typeof step === "string") throw new Error(`${spec.stepId} was not taken up`);
    return step;
  }

  /** Each stream as it is with what was taken before. */
  function whole(taken: Streams, step: StartedStep): { readonly stdout: string; readonly stderr: string } {
    const of = (stream: "stdout" | "stderr"): string => Buffer.concat([taken[stream], step.bytes(stream)]).toString();
    return { stdout: of("stdout"), stderr: of("stderr") };
  }

  const isEnded = (spec: StepSpec): boolean =>
    /\n\d+\n$/.test(readFileSync(join(runner.spoolDir, spec.stepId, "status"), "latin1"));

  const lines = (word: string, count: number): string =>
    Array.from({ length: count }, (_, i) => `${word} ${i} é😀\n`).join("");

  /** Ten lines of each stream, a tenth of a second apart, and a tail without a line break. */
  const steady =
    'i=0; while [ $i -lt 10 ]; do echo "out $i é😀"; echo "err $i é😀" >&2; i=$((i+1)); sleep 0.1; done; printf "rest é"; printf "rest 😀" >&2; exit 5';

  test("goes on where its output was left, byte by byte, and ends as it ends", async () => {
    const { spec, output } = await startAndDie({ command: steady }, "out 3");
    // Inside a character of one stream, and long before what was handed over of the other.
    const taken = takenOf(output, { stdout: 7, stderr: 3 });
    const step = await takeUp(spec, taken);
    expect(await step.finished).toMatchObject({ end: "exited", code: 5, message: null });
    expect(whole(taken, step)).toEqual({
      stdout: `${lines("out", 10)}rest é`,
      stderr: `${lines("err", 10)}rest 😀`,
    });
    const first = (stream: string): number | undefined =>
      step.pieces().find((piece) => piece.stream === stream)?.offset;
    expect([first("stdout"), first("stderr")]).toEqual([7, 3]);
    await runner.executor.discard(spec.stepId);
    expect(existsSync(join(runner.spoolDir, spec.stepId))).toBe(false);
  });

  test("that ended meanwhile has its real outcome, and all of its output", async () => {
    const command = "echo begun; sleep 0.3; head -c 300000 /dev/zero | tr '\\0' x; echo; echo error >&2; exit 7";
    const { spec, output } = await startAndDie({ command }, "begun");
    await until("it has ended", () => isEnded(spec));
    const step = await takeUp(spec, output);
    expect(await step.finished).toMatchObject({ end: "exited", code: 7 });
    expect(whole(output, step)).toEqual({ stdout: `begun\n${"x".repeat(300_000)}\n`, stderr: "error\n" });
  });

  test("whose output was taken to the end has nothing more to say", async () => {
    const spec = runner.complete({ command: "echo all; exit 3" });
    const life = serve([{ spec }]);
    expect(await life.said("ended", spec.stepId)).toMatchObject({ end: "exited", code: 3 });
    await life.kill();
    const step = await takeUp(spec, life.output(spec.stepId));
    expect(await step.finished).toMatchObject({ end: "exited", code: 3, stdout: "", stderr: "" });
  });

  test("outlives several servers", async () => {
    const { spec, output } = await startAndDie({ command: steady }, "out 1");
    const second = serve([{ spec, taken: encoded(output) }]);
    await second.printed(spec.stepId, "out 5");
    await second.kill();
    const more = second.output(spec.stepId);
    const taken = {
      stdout: Buffer.concat([output.stdout, more.stdout]),
      stderr: Buffer.concat([output.stderr, more.stderr]),
    };
    const step = await takeUp(spec, taken);
    expect(await step.finished).toMatchObject({ end: "exited", code: 5 });
    expect(whole(taken, step).stdout).toBe(`${lines("out", 10)}rest é`);
  });

  test("has been written while its reader stood still", async () => {
    const command = "head -c 200000 /dev/zero | tr '\\0' a; echo; sleep 0.2; exit 4";
    const { spec, output } = await startAndDie({ command }, "a", { takeBytes: 1 });
    expect(output.stdout.length).toBeLessThan(200_000);
    const step = await takeUp(spec, output);
    expect((await step.finished).code).toBe(4);
    expect(whole(output, step).stdout).toBe(`${"a".repeat(200_000)}\n`);
  });

  test("is cancelled as any other", async () => {
    const { spec, output } = await startAndDie({ command: { path: "exit-on-term", args: ["5"] } }, "ready");
    const step = await takeUp(spec, output);
    step.step.cancel();
    step.step.cancel();
    expect(await step.finished).toMatchObject({ end: "cancelled", code: 5, stdout: "told\n" });
  });

  test("has spent of its time limit what it spent before", async () => {
    const hour = 3_600_000;
    const command = "echo up; exec sleep 60";
    const { spec, output } = await startAndDie({ command, timeoutMs: hour }, "up");
    const step = await takeUp(spec, output, hour - 100);
    expect(await step.finished).toMatchObject({ end: "timed_out", code: 124, stdout: "" });
  });

  test("that ended in time is not late because its server was away for long", async () => {
    const { spec, output } = await startAndDie({ command: "echo up; sleep 0.2; exit 6", timeoutMs: 5000 }, "up");
    await until("it has ended", () => isEnded(spec));
    const step = await takeUp(spec, output, 3_600_000);
    expect(await step.finished).toMatchObject({ end: "exited", code: 6 });
  });

  test("has written of its output limit what was taken before", async () => {
    const command = "head -c 6000 /dev/zero; echo; sleep 0.3; head -c 6000 /dev/zero; sleep 60";
    const { spec, output } = await startAndDie({ command }, "\n");
    const small = open({ spoolDir: runner.spoolDir, maxOutputBytes: 10_000 });
    const step = await takeUp(spec, output, 0, small);
    expect((await step.finished).end).toBe("output_limit");
    expect(step.bytes("stdout").length).toBe(10_000 - 6001);
  });

  test("that its server was ending when it died is ended for the same reason", async () => {
    const spec = runner.complete({ command: { path: "ignore-term", args: [] }, timeoutMs: engine ? 3000 : 300 });
    const life = serve([{ spec }], { graceMs: 60_000 });
    await life.printed(spec.stepId, "ready");
    await until("it is being ended", () => existsSync(join(runner.spoolDir, spec.stepId, "ending")));
    await life.kill();
    const step = await takeUp(spec, life.output(spec.stepId));
    expect(await step.finished).toMatchObject({ end: "timed_out", code: 124, stdout: "" });
  });

  test("that never began is told from one that was interrupted, and can be started", async () => {
    const spec = runner.complete({ command: "echo now" });
    expect(await runner.attach(spec, earlierLife(nothingTaken, 1))).toBe("not_begun");
    expect(await runner.run(spec)).toMatchObject({ code: 0, stdout: "now\n" });
  });

  test("of which nothing is left may have begun where the machine was started anew since", async () => {
    const spec = runner.complete({ command: "echo now" });
    for (const spentMs of [0, uptime() * 1000 + 60_000]) {
      expect(await runner.attach(spec, earlierLife(nothingTaken, spentMs))).toBe("interrupted");
    }
  });

  test("is taken up once at a time", async () => {
    const { spec, output } = await startAndDie({ command: "echo up; exec sleep 60" }, "up");
    const step = await takeUp(spec, output);
    const refused = (thrown: unknown): unknown => thrown;
    expect(await runner.attach(spec, earlierLife(output)).catch(refused)).toMatchObject({ code: "INTERNAL" });
    expect(await runner.executor.discard(spec.stepId).catch(refused)).toMatchObject({ code: "INTERNAL" });
    step.step.cancel();
    expect((await step.finished).end).toBe("cancelled");
  });

  test("that is kept is not cleaned away, and goes with its run where nobody takes it up", async () => {
    const [kept, forgotten, stray] = ["sleep 1; exit 8", "exec sleep 60", "exec sleep 60"].map((rest) =>
      runner.complete({ command: `echo up; ${rest}` }),
    ) as [StepSpec, StepSpec, StepSpec];
    const life = serve([{ spec: kept }, { spec: forgotten }, { spec: stray }]);
    for (const { stepId } of [kept, forgotten, stray]) await life.printed(stepId, "up");
    await life.kill();
    const next = open({ spoolDir: runner.spoolDir });
    const keep = new Set([kept.stepId, forgotten.stepId]);
    expect((await next.executor.cleanLeftovers(keep)).endedSteps).toContain(stray.stepId);
    const isThere = ({ stepId }: StepSpec): boolean => existsSync(join(runner.spoolDir, stepId));
    expect([kept, forgotten, stray].map(isThere)).toEqual([true, true, false]);
    await next.executor.endRun(forgotten.runId);
    expect(isThere(forgotten)).toBe(false);
    expect(await next.attach(forgotten, earlierLife(life.output(forgotten.stepId)))).toBe("interrupted");
    const step = await takeUp(kept, life.output(kept.stepId), 0, next);
    expect((await step.finished).code).toBe(8);
  });
}
