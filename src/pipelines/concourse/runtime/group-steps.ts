// The steps `do`, `try` and `in_parallel`, and `across` around any step.

import type { JsonValue } from "../../../core/json.ts";
import type { AcrossVar, Place, StepPlan } from "../plan.ts";
import { InTurn } from "./in-turn.ts";
import { GroupEnd, type Outcome, PlanError, succeeded, worseOf } from "./outcome.ts";
import { readCount, readFlag } from "./read-template.ts";
import type { Scope } from "./scope.ts";
import { script } from "./script-globals.ts";

export type RunStep = (step: StepPlan, scope: Scope) => Promise<Outcome>;

/** One after the other, up to the first that is no success. */
export async function runInOrder(steps: readonly StepPlan[], scope: Scope, run: RunStep): Promise<Outcome> {
  for (const step of steps) {
    const outcome = await run(step, scope);
    if (outcome.status !== "succeeded") return outcome;
  }
  return succeeded;
}

/** What goes wrong in it is no matter, but for the end of the run. */
export async function tryInOrder(steps: readonly StepPlan[], scope: Scope, run: RunStep): Promise<Outcome> {
  const outcome = await runInOrder(steps, scope, run);
  return outcome.status === "aborted" ? outcome : succeeded;
}

export async function runInParallel(
  step: StepPlan & { readonly type: "in_parallel" },
  scope: Scope,
  run: RunStep,
): Promise<Outcome> {
  const { steps, at } = step;
  const limit = step.limit === undefined ? steps.length : readCount(step.limit, scope, at, "limit");
  const isFast = readFlag(step.failFast, scope, at, "fail_fast");
  const works = steps.map(
    (each): Work =>
      async (inside) =>
        await run(each, inside),
  );
  return await runAtOnce(works, scope, limit, isFast);
}

/** A step for each combination of the values; what is outside sees nothing of them. */
export async function runAcross(
  step: StepPlan,
  vars: readonly AcrossVar[],
  scope: Scope,
  run: (scope: Scope) => Promise<Outcome>,
): Promise<Outcome> {
  const [first, ...rest] = vars;
  if (first === undefined) return await run(scope);
  const { at } = step;
  const values = readValues(first, scope, at);
  const limit = readMaxInFlight(first, values.length, scope, at);
  const isFast = readFlag(step.failFast, scope, at, "fail_fast");
  const works = values.map(
    (value): Work =>
      async (inside) =>
        await runAcross(step, rest, inside.inside(first.var, value), run),
  );
  return await runAtOnce(works, scope, limit, isFast);
}

type Work = (scope: Scope) => Promise<Outcome>;

/** Once one was no success, with `isFast` no other begins, and those that have begun are ended; their hooks are not. */
async function runAtOnce(works: readonly Work[], scope: Scope, limit: number, isFast: boolean): Promise<Outcome> {
  const turns = new InTurn(limit);
  const controller = new script.AbortController();
  const end = new GroupEnd();
  const inside = isFast ? scope.endedBy(controller.signal) : scope;
  let worst: Outcome = succeeded;
  const doOne = async (work: Work): Promise<void> => {
    if (worst.status === "aborted" || (isFast && worst.status !== "succeeded")) return;
    const outcome = await work(inside); // in a line of its own: others change `worst` while it is awaited
    if (outcome.status === "aborted" && outcome.by === end) return;
    worst = worseOf(worst, outcome);
    if (isFast && worst.status !== "succeeded") controller.abort(end);
  };
  await Promise.all(works.map(async (work) => await turns.run(async () => await doOne(work))));
  return worst;
}

function readValues({ var: name, values }: AcrossVar, scope: Scope, at: Place): readonly JsonValue[] {
  const filled = scope.job.vars.fill(values, scope, at);
  if (Array.isArray(filled)) return filled as readonly JsonValue[];
  throw new PlanError(`across: the values of ${name} must be a list, not ${JSON.stringify(filled)}`, at);
}

function readMaxInFlight({ maxInFlight = 1 }: AcrossVar, count: number, scope: Scope, at: Place): number {
  return maxInFlight === "all" ? count : readCount(maxInFlight, scope, at, "max_in_flight");
}
