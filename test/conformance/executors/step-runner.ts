// Runs steps for tests: collects what an executor hands over, and cleans up after itself.

import { randomUUID } from "node:crypto";
import { Buffer } from "node:buffer";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../src/core/clock.ts";
import {
  type ContainerExecutorOptions,
  ContainerEngine,
  type ContainerPlace,
  createContainerExecutor,
  createProcessExecutor,
  type EarlierLife,
  type Executor,
  type OutputStream,
  type ProcessExecutorOptions,
  type RunningStep,
  type StepListener,
  type StepOutcome,
  type StepOutput,
  type StepSpec,
  type TakenUpStep,
} from "../../../src/executors/executors.ts";

export const fixturesDir = join(import.meta.dir, "../../fixtures/steps");

/** The step's PATH in tests: the fixtures and the usual places. */
export const testPath = `${fixturesDir}:/usr/local/bin:/usr/bin:/bin`;

export interface FinishedStep extends StepOutcome {
  readonly stepId: string;
  readonly stdout: string;
  readonly stderr: string;
  readonly pieces: readonly StepOutput[];
}

export interface StartedStep {
  readonly stepId: string;
  readonly step: RunningStep & { readonly pid: number };
  /** What came so far. */
  readonly stdout: () => string;
  readonly bytes: (stream: OutputStream) => Buffer;
  readonly pieces: () => readonly StepOutput[];
  readonly finished: Promise<FinishedStep>;
}

export type SpecPart = Partial<StepSpec> & Pick<StepSpec, "command">;

export interface StepRunner {
  readonly executor: Executor;
  /** A folder of this runner's own, with the spool folder in it. */
  readonly dir: string;
  readonly spoolDir: string;
  readonly warnings: readonly string[];
  /** What was noted of all steps, in order. */
  readonly notes: readonly string[];
  start(spec: SpecPart, onOutput?: (output: StepOutput) => Promise<void> | void): Promise<StartedStep>;
  run(spec: SpecPart): Promise<FinishedStep>;
  /** The step as this runner starts it. */
  complete(spec: SpecPart): StepSpec;
  attach(spec: StepSpec, earlier: EarlierLife): Promise<StartedStep | Exclude<TakenUpStep, RunningStep>>;
  close(): Promise<void>;
}

/** A runner of processes. */
export function openStepRunner(options: Partial<ProcessExecutorOptions> = {}): StepRunner {
  const dir = mkdtempSync(join(tmpdir(), "runner-steps-"));
  const spoolDir = options.spoolDir ?? join(dir, "spool");
  const warnings: string[] = [];
  const executor = createProcessExecutor({
    path: testPath,
    home: "/home/of/steps",
    lang: "C.UTF-8",
    clock: systemClock,
    graceMs: 300,
    warn: (message) => warnings.push(message),
    ...options,
    spoolDir,
  });
  return openRunner(executor, dir, spoolDir, warnings, {});
}

/** The container of a step that says no more than its image. */
export function containerOf(image: string): ContainerPlace & { type: "own" } {
  return { type: "own", image, pull: "never", privileged: false };
}

export interface ContainerRunnerOptions extends Partial<ContainerExecutorOptions> {
  /** Where the engine's command is looked for; the machine's unless given. */
  readonly path?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** docker unless given. */
  readonly choice?: "docker" | "podman";
}

/** A runner of containers of busybox, in which the fixtures are on the PATH. */
export function openContainerRunner({
  path,
  env,
  choice = "docker",
  ...options
}: ContainerRunnerOptions = {}): StepRunner {
  const dir = mkdtempSync(join(tmpdir(), "runner-containers-"));
  const spoolDir = options.spoolDir ?? join(dir, "spool");
  const warnings: string[] = [];
  const engine = new ContainerEngine({
    choice,
    path: path ?? Bun.env["PATH"] ?? "",
    env: env ?? Bun.env,
    clock: systemClock,
  });
  const executor = createContainerExecutor({
    engine,
    clock: systemClock,
    graceMs: 1000,
    warn: (message) => warnings.push(message),
    ...options,
    spoolDir,
  });
  return openRunner(executor, dir, spoolDir, warnings, {
    container: containerOf("busybox"),
    env: { PATH: "/fixtures:/bin" },
    mounts: [{ target: "/fixtures", source: fixturesDir, readOnly: true }],
  });
}

function openRunner(
  executor: Executor,
  dir: string,
  spoolDir: string,
  warnings: readonly string[],
  defaults: Partial<StepSpec>,
): StepRunner {
  const started: StartedStep[] = [];
  const notes: string[] = [];

  const complete = (part: SpecPart): StepSpec => {
    const runId = randomUUID();
    return { stepId: `${runId}.1`, runId, pipeline: "test", env: {}, ...defaults, ...part };
  };

  const watch = async (
    { stepId }: StepSpec,
    begin: (listener: StepListener) => Promise<TakenUpStep>,
    onOutput?: (output: StepOutput) => Promise<void> | void,
  ): Promise<StartedStep | Exclude<TakenUpStep, RunningStep>> => {
    const pieces: StepOutput[] = [];
    const running = await begin({
      onNote: (text) => notes.push(text),
      onOutput: (output) => {
        pieces.push(output);
        return onOutput?.(output);
      },
    });
    if (typeof running === "string") return running;
    // The tests that look at its pid are those of steps that have one.
    const step = running as StartedStep["step"];
    const bytes = (stream: OutputStream): Buffer =>
      Buffer.concat(pieces.filter((piece) => piece.stream === stream).map((piece) => piece.bytes));
    const finished = step.outcome.then((outcome) => ({
      ...outcome,
      stepId,
      stdout: bytes("stdout").toString(),
      stderr: bytes("stderr").toString(),
      pieces,
    }));
    const result = { stepId, step, stdout: () => bytes("stdout").toString(), bytes, pieces: () => pieces, finished };
    finished.catch(() => {}); // The test may look at it later, or only at its outcome.
    started.push(result);
    return result;
  };

  const start: StepRunner["start"] = async (part, onOutput) => {
    const spec = complete(part);
    const step = await watch(spec, async (listener) => await executor.start(spec, listener), onOutput);
    if (typeof step === "string") throw new Error("a step that is started is one");
    return step;
  };

  return {
    executor,
    dir,
    spoolDir,
    warnings,
    notes,
    start,
    run: async (spec) => (await start(spec)).finished,
    complete,
    attach: async (spec, earlier) =>
      await watch(spec, async (listener) => await executor.attach(spec, earlier, listener)),
    async close() {
      for (const { step } of started) step.cancel();
      await Promise.allSettled(started.map(({ finished }) => finished));
      await Promise.all(started.map(async ({ stepId }) => await executor.discard(stepId)));
      await rm(dir, { recursive: true, force: true });
    },
  };
}

/** Resolves once `holds`; rejects after `limitMs` with what was waited for. */
export async function until(what: string, holds: () => boolean, limitMs = 8000): Promise<void> {
  const deadline = performance.now() + limitMs;
  while (!holds()) {
    if (performance.now() > deadline) throw new Error(`waited ${limitMs} ms in vain until ${what}`);
    await Bun.sleep(10);
  }
}

/** True while the process is there and no zombie. */
export function isAlive(pid: number): boolean {
  if (!existsSync(`/proc/${pid}/stat`)) return false;
  try {
    return !/\) [ZX] /.test(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return false;
  }
}
