// Runs steps for tests: collects what an executor hands over, and cleans up after itself.

import { randomUUID } from "node:crypto";
import { existsSync, mkdtempSync, readFileSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "../../../src/core/clock.ts";
import {
  createProcessExecutor,
  type Executor,
  type ProcessExecutorOptions,
  type ProcessSpec,
  type RunningStep,
  type StepOutcome,
  type StepOutput,
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
  readonly step: RunningStep;
  /** What came so far. */
  readonly stdout: () => string;
  readonly finished: Promise<FinishedStep>;
}

export type SpecPart = Partial<ProcessSpec> & Pick<ProcessSpec, "command">;

export interface StepRunner {
  readonly executor: Executor;
  /** A folder of this runner's own, with the spool folder in it. */
  readonly dir: string;
  readonly spoolDir: string;
  readonly warnings: readonly string[];
  start(spec: SpecPart, onOutput?: (output: StepOutput) => Promise<void> | void): Promise<StartedStep>;
  run(spec: SpecPart): Promise<FinishedStep>;
  close(): Promise<void>;
}

export function openStepRunner(options: Partial<ProcessExecutorOptions> = {}): StepRunner {
  const dir = mkdtempSync(join(tmpdir(), "runner-steps-"));
  const spoolDir = options.spoolDir ?? join(dir, "spool");
  const warnings: string[] = [];
  const started: StartedStep[] = [];
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

  const start: StepRunner["start"] = async (part, onOutput) => {
    const runId = randomUUID();
    const spec: ProcessSpec = { stepId: `${runId}.1`, runId, pipeline: "test", env: {}, ...part };
    const pieces: StepOutput[] = [];
    const step = await executor.start(spec, (output) => {
      pieces.push(output);
      return onOutput?.(output);
    });
    const textOf = (stream: string): string =>
      Buffer.concat(pieces.filter((piece) => piece.stream === stream).map((piece) => piece.bytes)).toString();
    const finished = step.outcome.then((outcome) => ({
      ...outcome,
      stepId: spec.stepId,
      stdout: textOf("stdout"),
      stderr: textOf("stderr"),
      pieces,
    }));
    const result = { stepId: spec.stepId, step, stdout: () => textOf("stdout"), finished };
    started.push(result);
    return result;
  };

  return {
    executor,
    dir,
    spoolDir,
    warnings,
    start,
    run: async (spec) => (await start(spec)).finished,
    async close() {
      for (const { step } of started) step.cancel();
      await Promise.all(started.map(({ finished }) => finished));
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
