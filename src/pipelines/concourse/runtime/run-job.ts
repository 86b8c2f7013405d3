// One job: its locks, its plan, its hooks, and how it ends.

import type { JobPlan, Place, Plan } from "../plan.ts";
import { Artifacts } from "./artifacts.ts";
import { listSteps } from "../list-steps.ts";
import { countTakers } from "./count-takers.ts";
import { checkJobAssert } from "./asserts.ts";
import { runInOrder } from "./group-steps.ts";
import type { JobContext, UsedVersion } from "./job-context.ts";
import { type Mishap, type Outcome, outcomeOf } from "./outcome.ts";
import { runHooks, runStep } from "./run-step.ts";
import type { JobLock, RunLocks, RunState } from "./run-locks.ts";
import type { RunVars } from "./run-vars.ts";
import type { RunVersions } from "./run-versions.ts";
import { Scope } from "./scope.ts";
import { script } from "./script-globals.ts";
import { parseDuration } from "../../../core/duration.ts";
import type { FinalRunStatus } from "../../../core/run.ts";

export interface JobResult {
  readonly status: FinalRunStatus;
  readonly message?: string;
  readonly at?: Place;
  readonly hint?: string;
  /** Not by its own fault: a job that it needs was no success. */
  readonly isBlocked?: boolean;
  /** An `assert` does not hold. */
  readonly isRefuted?: boolean;
  readonly used: readonly UsedVersion[];
}

const ends: Readonly<Record<Outcome["status"], FinalRunStatus>> = {
  succeeded: "succeeded",
  failed: "failed",
  errored: "failed",
  aborted: "cancelled",
};

/** What a job is given by its run. */
export interface JobSetting {
  readonly plan: Plan;
  readonly vars: RunVars;
  readonly versions: RunVersions;
  readonly locks: RunLocks;
  readonly earlier: JobContext["earlier"];
  readonly state: RunState;
}

/** Executes it. Never rejects. */
export async function runJob(job: JobPlan, setting: JobSetting): Promise<JobResult> {
  const { name } = job;
  const { plan, vars, versions, earlier } = setting;
  const context: JobContext = { name, plan, vars, versions, earlier, executed: [], used: [], refuted: [] };
  let outcome: Outcome;
  try {
    outcome = await setting.locks.hold(name, listLocks(job), async () => {
      script.jobs.begin(name);
      const came = await execute(job, context);
      // Told before its locks are free for others.
      if (came.status === "aborted") setting.state.end ??= came.code ?? "RUN_CANCELLED";
      if (came.status === "succeeded" && context.used.length > 0) await script.resources.passed(name, context.used);
      return came;
    });
  } catch (thrown) {
    outcome = outcomeOf(thrown, `job ${name}`, job.at);
  }
  return finish(job, context, outcome);
}

async function execute(job: JobPlan, context: JobContext): Promise<Outcome> {
  const deadline = job.timeout === undefined ? null : Date.now() + parseDuration(job.timeout);
  const scope = new Scope(context, new Artifacts(countTakers(job)), { deadline });
  const came = await runInOrder(job.plan, scope, runStep);
  return isTooEarly(job, context, came) ? came : await runHooks(job, came, scope);
}

/** Behind other jobs, a job whose gets have nothing to get yet is not begun, as in Concourse. */
function isTooEarly(job: JobPlan, { executed }: JobContext, outcome: Outcome): boolean {
  if (outcome.status !== "errored" || outcome.isEarly !== true || job.needs.length === 0) return false;
  const gets = listSteps(job).flatMap((step) => (step.type === "get" ? [step.name] : []));
  return executed.every((name) => gets.includes(name));
}

function finish(job: JobPlan, context: JobContext, outcome: Outcome): JobResult {
  const isOverdue = outcome.status === "aborted" && outcome.code === "RUN_TIMEOUT";
  const isEarly = isTooEarly(job, context, outcome);
  const status = isOverdue ? "timed_out" : isEarly ? "skipped" : ends[outcome.status];
  if (job.assert !== undefined) checkJobAssert(job.assert, context, status);
  const { used, refuted } = context;
  const [first] = refuted;
  const result: JobResult =
    first !== undefined
      ? { status: "failed", ...first, isRefuted: true, used }
      : {
          ...(outcome.status === "succeeded" ? {} : tellOf(outcome)),
          status,
          used,
          ...(isEarly ? { isBlocked: true } : {}),
        };
  script.jobs.end(job.name, {
    status: result.status,
    ...(result.message === undefined ? {} : { message: result.message }),
  });
  return result;
}

function tellOf({ message, at, hint }: Mishap): Partial<JobResult> {
  return { message, at, ...(hint === undefined ? {} : { hint }) };
}

function listLocks({ name, serialGroups = [], maxInFlight }: JobPlan): readonly JobLock[] {
  const groups = serialGroups.map((group) => ({ name: `group ${group}`, limit: 1 }));
  return maxInFlight === undefined ? groups : [...groups, { name: `job ${name}`, limit: maxInFlight }];
}
