// Runs once more: with the same input from the beginning, or from a step on, behind what an ended run had done by then.

import { AppError, toAppError } from "../core/app-error.ts";
import { isFinal, type Run } from "../core/run.ts";
import { stepNumber } from "../core/step-id.ts";
import type { Catalog } from "../pipelines/pipelines.ts";
import type { KeptRun, NewRun, Write } from "../store/store.ts";
import { cutJournal } from "./cut-journal.ts";
import type { RerunOptions } from "./contract.ts";
import { keepJobs } from "./expand-jobs.ts";
import { findPinned } from "./find-pinned.ts";
import { findStep } from "./find-step.ts";
import { newRun } from "./new-run.ts";
import { getVersion } from "./get-pipeline.ts";
import { resolveParams } from "./resolve-params.ts";
import type { PinnedVersion, RunParts } from "./run-parts.ts";
import type { RunRegistry } from "./run-registry.ts";

export interface RerunsOptions {
  readonly parts: Pick<RunParts, "store" | "files" | "clock">;
  readonly catalog: Pick<Catalog, "get" | "list">;
  readonly runs: RunRegistry;
  readonly newId: () => string;
}

export class Reruns {
  readonly #options: RerunsOptions;

  constructor(options: RerunsOptions) {
    this.#options = options;
  }

  /** See {@link Engine.rerun}. */
  async begin(run: Run, { from }: RerunOptions): Promise<{ readonly runId: string }> {
    if (!isFinal(run.status)) {
      throw new AppError("RUN_NOT_ENDED", `run ${run.id} is ${run.status}; only a run that has ended is run again`, {
        hint: `wait for its end, or cancel it: runner cancel ${run.id}`,
      });
    }
    const kept = await this.#options.parts.store.runs.findKept(run.id);
    if (kept === undefined) throw new AppError("RUN_NOT_FOUND", `run ${run.id} has just been removed, for its age`);
    return { runId: await (from === undefined ? this.#fromBeginning(kept) : this.#fromStep(run, kept, from)) };
  }

  async #fromBeginning({ run: old }: KeptRun): Promise<string> {
    const version = getVersion(this.#options.catalog, old.pipeline);
    // A run that nobody gave parameters has the defaults of the version that it begins with.
    const given = old.triggeredBy === "webhook" ? {} : old.params;
    const params = resolveParams(version.config, given, old.triggeredBy);
    const targetJobs = keepJobs(old.pipeline, version.config, old.targetJobs);
    const run = this.#repeat(old, { bundleHash: version.bundle.hash, params, targetJobs });
    await this.#submit(old, run, version, []);
    return run.id;
  }

  async #fromStep(ended: Run, kept: KeptRun, from: string): Promise<string> {
    const { parts } = this.#options;
    const { run: old } = kept;
    const step = findStep(ended, from);
    const version = await this.#pinned(kept);
    const { bundleHash, params, scriptRunId } = old;
    const run = this.#repeat(old, { bundleHash, params, scriptRunId });
    const { cut, openBlocks, jobs } = await cutJournal(parts, ended, { step, to: run.id });
    const seq = cut.lastSeq + 1;
    const text = `goes on from step ${JSON.stringify(step.name)} (${stepNumber(step)}) of run ${old.id}; all before that is taken over from it`;
    const note = { seq, at: run.createdAt, source: "system", level: "info", text, afterCall: cut.number - 1 } as const;
    const taken = await parts.store.artifacts.list(old.id);
    try {
      for (const { number } of taken) {
        if (number < cut.number) await parts.files.artifacts.take(old.id, run.id, number);
      }
      await this.#submit(old, run, version, [
        { type: "take_over.check", cut },
        { type: "take_over.calls", cut },
        { type: "take_over.outcomes", cut },
        { type: "take_over.deliveries", cut },
        { type: "take_over.observations", cut },
        { type: "take_over.steps", cut },
        ...openBlocks.map((block) => ({ type: "step.put", runId: run.id, step: block }) as const),
        ...jobs,
        { type: "take_over.log", cut },
        { type: "take_over.artifacts", cut },
        { type: "log.line", runId: run.id, ...note },
      ]);
    } catch (thrown) {
      if (taken.length > 0) await parts.files.artifacts.removeRun(run.id).catch(() => undefined);
      throw thrown;
    }
    return run.id;
  }

  async #pinned(kept: KeptRun): Promise<PinnedVersion> {
    try {
      return await findPinned(this.#options.parts.store, this.#options.catalog, kept);
    } catch (thrown) {
      const { code, message } = toAppError(thrown);
      if (code !== "RUN_INCOMPATIBLE") throw thrown;
      throw new AppError("RERUN_IMPOSSIBLE", `run ${kept.run.id} cannot be taken over: ${message}`, {
        hint: "run it again from its beginning, without a step",
      });
    }
  }

  #repeat(old: NewRun, changes: Pick<NewRun, "bundleHash" | "params"> & Partial<NewRun>): NewRun {
    const { parts, newId } = this.#options;
    const { pipeline, args, targetJobs, begunFor, triggeredBy, scheduledAt, seed, after } = old;
    return newRun({
      id: newId(),
      pipeline,
      trigger: "rerun",
      args,
      targetJobs,
      begunFor,
      // The request goes when its run goes, so each run has its own.
      inboundId: old.inboundId === null ? null : newId(),
      rerunOf: old.id,
      createdAt: parts.clock.now(),
      triggeredBy,
      scheduledAt,
      seed,
      after,
      ...changes,
    });
  }

  async #submit(old: NewRun, run: NewRun, version: PinnedVersion, writes: readonly Write[]): Promise<void> {
    const { parts, runs } = this.#options;
    const request = old.inboundId === null ? null : ((await parts.store.inbound.find(old.inboundId))?.request ?? null);
    const copied: readonly Write[] =
      old.inboundId === null || run.inboundId === null
        ? []
        : [
            { type: "inbound.copy", from: old.inboundId, id: run.inboundId, runId: run.id },
            { type: "delivery.take_over", from: old.id, to: run.id },
          ];
    await runs.submit({
      run,
      version,
      request,
      writes: [...copied, ...writes],
      ...(writes.length > 0 ? { hasJournal: true } : {}),
    });
  }
}
