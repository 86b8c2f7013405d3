// News from outside for runs that wait for it: decisions on approvals, by name or by link, and signals.

import { AppError } from "../core/app-error.ts";
import type { JsonValue } from "../core/json.ts";
import { isFinal, type Run, type Step } from "../core/run.ts";
import { formatStepId, stepNumber } from "../core/step-id.ts";
import type { LinkedApproval } from "./contract.ts";
import { type Decision, endOfApproval } from "./news-terms.ts";
import type { RunParts } from "./run-parts.ts";
import type { RunRegistry } from "./run-registry.ts";

export interface NewsDeskOptions {
  readonly parts: Pick<RunParts, "store" | "clock" | "approvalLinks">;
  readonly runs: Pick<RunRegistry, "answerWait">;
}

type NewsKind = "approval" | "signal";

export class NewsDesk {
  readonly #options: NewsDeskOptions;

  constructor(options: NewsDeskOptions) {
    this.#options = options;
  }

  /** @throws {AppError} RUN_ALREADY_ENDED, APPROVAL_NOT_FOUND, APPROVAL_DECIDED, STORE_UNAVAILABLE. */
  async decide(run: Run, name: string, decision: Decision): Promise<void> {
    const step = this.#open(run, "approval").find((each) => each.name === name);
    if (step !== undefined && (await this.#answer(run, step, decision))) return;
    // It may have ended just now.
    throw whyUndecided(
      (await this.#options.parts.store.runs.find(run.id)) ?? run,
      name,
      this.#options.parts.clock.now(),
    );
  }

  /** @throws {AppError} NOT_FOUND for what is no link of ours, LINK_USED, LINK_EXPIRED. */
  async findLinked(code: string): Promise<LinkedApproval> {
    return (await this.#findLinked(code)).approval;
  }

  /** @throws {AppError} NOT_FOUND for what is no link of ours, LINK_USED, LINK_EXPIRED, STORE_UNAVAILABLE. */
  async decideLinked(code: string, decision: Decision): Promise<LinkedApproval> {
    const { run, step, approval } = await this.#findLinked(code);
    if (await this.#answer(run, step, decision)) return approval;
    // Somebody else was faster.
    await this.#findLinked(code);
    throw usedLink(run, step);
  }

  /** @throws {AppError} RUN_ALREADY_ENDED, SIGNAL_NOT_AWAITED, STORE_UNAVAILABLE. */
  async signal(run: Run, name: string, value: JsonValue): Promise<void> {
    const answers = this.#open(run, "signal")
      .filter((each) => each.name === name)
      .map((step) => ({ number: stepNumber(step), outcome: { ok: true, value }, status: "succeeded" }) as const);
    if (answers.length > 0 && (await this.#options.runs.answerWait(run.id, answers))) return;
    throw whyNotAwaited((await this.#options.parts.store.runs.find(run.id)) ?? run, name);
  }

  /** Steps that wait, and whose time is not over, as it may be where nobody has come to that yet. */
  #open({ steps }: Run, kind: NewsKind): readonly Step[] {
    const now = this.#options.parts.clock.now();
    return openSteps(steps, kind).filter(({ until }) => until === null || until > now);
  }

  async #answer(run: Run, step: Step, decision: Decision): Promise<boolean> {
    return await this.#options.runs.answerWait(run.id, [{ number: stepNumber(step), ...endOfApproval(decision) }]);
  }

  async #findLinked(
    code: string,
  ): Promise<{ readonly run: Run; readonly step: Step; readonly approval: LinkedApproval }> {
    const { approvalLinks, store, clock } = this.#options.parts;
    // What we did not sign costs no more than this.
    const link = approvalLinks.parse(code);
    const run = link === null ? undefined : await store.runs.find(link.runId);
    const step = link === null ? undefined : run?.steps.find(({ id }) => id === formatStepId(link));
    if (link === null || run === undefined || step === undefined) {
      throw new AppError("NOT_FOUND", "there is no such link", {
        hint: "it was cut on its way, the server's token was changed since, or its run is long over",
      });
    }
    if (step.status !== "waiting") throw step.status === "timed_out" ? expiredLink(run, step) : usedLink(run, step);
    const { expiresAt } = link;
    if (expiresAt <= clock.now()) throw expiredLink(run, step);
    const { pipeline } = run;
    return { run, step, approval: { runId: run.id, pipeline, name: step.name, message: step.message, expiresAt } };
  }
}

function openSteps(steps: readonly Step[], kind: NewsKind): readonly Step[] {
  return steps.filter((step) => step.kind === kind && step.status === "waiting");
}

function whyUndecided(run: Run, name: string, now: number): AppError {
  const named = run.steps.findLast((step) => step.kind === "approval" && step.name === name);
  const waitsFor = openSteps(run.steps, "approval").map((step) => step.name);
  const details = { status: run.status, waits_for: waitsFor };
  const which = `the approval ${JSON.stringify(name)} of run ${run.id}`;
  if (named !== undefined && named.status !== "cancelled") {
    const isOver = named.until !== null && named.until <= now;
    const open = isOver ? "its time is over" : "given up, as the run is to end";
    const became = named.status === "waiting" ? open : named.message;
    return new AppError("APPROVAL_DECIDED", `${which} is decided: ${became}`, { details });
  }
  if (isFinal(run.status)) return alreadyEnded(run, details);
  if (named !== undefined) {
    return new AppError("APPROVAL_DECIDED", `${which} is decided: given up, as the run is to end`, { details });
  }
  const message = `run ${run.id} (${run.status}) waits for no approval named ${JSON.stringify(name)}`;
  return new AppError("APPROVAL_NOT_FOUND", message, { hint: describeWaits(waitsFor, "approval"), details });
}

function whyNotAwaited(run: Run, name: string): AppError {
  const waitsFor = openSteps(run.steps, "signal").map((step) => step.name);
  const details = { status: run.status, waits_for: waitsFor };
  if (isFinal(run.status)) return alreadyEnded(run, details);
  const message = `run ${run.id} (${run.status}) does not wait for a signal named ${JSON.stringify(name)}`;
  return new AppError("SIGNAL_NOT_AWAITED", message, { hint: describeWaits(waitsFor, "signal"), details });
}

function alreadyEnded({ id, status }: Run, details: Readonly<Record<string, unknown>>): AppError {
  return new AppError("RUN_ALREADY_ENDED", `run ${id} has already ended: ${status}`, { details });
}

function describeWaits(names: readonly string[], kind: NewsKind): string {
  if (names.length > 0) return `it waits for ${names.map((each) => JSON.stringify(each)).join(", ")}`;
  return kind === "approval"
    ? "it waits for no approval now"
    : "it waits for no signal now; signals are not kept: send it again when the run waits";
}

function usedLink({ id, pipeline }: Run, { name, message, status }: Step): AppError {
  const became = status === "cancelled" ? "given up, as its run has ended" : message;
  return new AppError("LINK_USED", `the approval ${JSON.stringify(name)} of ${pipeline} is decided: ${became}`, {
    hint: `\`runner runs ${id}\` shows what became of the run`,
  });
}

function expiredLink({ id, pipeline }: Run, { name, status }: Step): AppError {
  const which = `the approval ${JSON.stringify(name)} of ${pipeline}`;
  return status === "waiting"
    ? new AppError("LINK_EXPIRED", `this link has expired; ${which} is still open`, {
        hint: `decide with \`runner approve ${id}\` or \`runner deny ${id}\``,
      })
    : new AppError("LINK_EXPIRED", `nobody decided ${which} in time`, {
        hint: `\`runner runs ${id}\` shows what became of the run`,
      });
}
