// `assert` blocks: what a file says must have happened. One that does not hold fails the run, whatever else does.

import type { FinalRunStatus } from "../../../core/run.ts";
import type { ExecutionAssert, JobAssert, Place, StepAssert } from "../plan.ts";
import type { JobContext } from "./job-context.ts";
import type { Scope } from "./scope.ts";
import type { StepResult } from "./script-globals.ts";

const maxShown = 500;

export function checkStepAssert(
  { stdout, stderr, code, at }: StepAssert,
  name: string,
  result: StepResult,
  { job }: Scope,
): void {
  for (const [stream, part] of [
    ["stdout", stdout],
    ["stderr", stderr],
  ] as const) {
    if (part === undefined || result[stream].includes(part)) continue;
    refute(job, `task ${name}: its ${stream} must have ${JSON.stringify(part)}, but is ${show(result[stream])}`, at);
  }
  if (code !== undefined && result.code !== code) {
    refute(job, `task ${name}: its code must be ${code}, but is ${result.code}`, at);
  }
}

export function checkJobAssert(assert: JobAssert, job: JobContext, status: FinalRunStatus): void {
  checkExecution(assert, `job ${job.name}`, job.executed, (message, at) => refute(job, message, at));
  if (assert.status !== undefined && assert.status !== status) {
    refute(job, `job ${job.name}: its status must be ${assert.status}, but is ${status}`, assert.at);
  }
}

export function checkExecution(
  { execution, at }: ExecutionAssert,
  what: string,
  executed: readonly string[],
  refuteIt: (message: string, at: Place) => void,
): void {
  if (execution === undefined || JSON.stringify(execution) === JSON.stringify(executed)) return;
  refuteIt(`${what}: must have executed ${JSON.stringify(execution)}, but executed ${JSON.stringify(executed)}`, at);
}

function refute({ refuted }: JobContext, message: string, at: Place): void {
  refuted.push({ message, at });
}

function show(text: string): string {
  return JSON.stringify(text.length > maxShown ? `${text.slice(0, maxShown)}…` : text);
}
