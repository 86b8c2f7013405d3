// Runs that a step of another run starts: their creation, what the one that waits is told of their end, and their end
// where that one is asked to end.

import { AppError, toAppError } from "../core/app-error.ts";
import { isFinal, maxRunDepth } from "../core/run.ts";
import type { StepKey } from "../core/step-id.ts";
import type { Catalog } from "../pipelines/pipelines.ts";
import type { NewRun } from "../store/store.ts";
import { awaitStore } from "./await-store.ts";
import { endOfChild } from "./child-terms.ts";
import type { ChildRun, Children } from "./children.ts";
import { newRun } from "./new-run.ts";
import type { PipelinePauses } from "./pipeline-pauses.ts";
import { getVersion } from "./get-pipeline.ts";
import { describeKey } from "./queue-place.ts";
import { resolveParams } from "./resolve-params.ts";
import type { PinnedVersion, RunParts } from "./run-parts.ts";
import type { RunRegistry } from "./run-registry.ts";

export interface ChildRunsOptions {
  readonly parts: Pick<RunParts, "store" | "clock" | "logger">;
  readonly catalog: Pick<Catalog, "get" | "list">;
  readonly pauses: Pick<PipelinePauses, "check">;
  readonly newId: () => string;
  /** @throws {AppError} DISK_LOW where there is no room for new runs. */
  readonly checkRoom: () => void;
  readonly runs: () => Pick<RunRegistry, "place" | "take" | "onEnd" | "answerWait" | "cancel" | "stopped">;
}

export class ChildRuns implements Children {
  readonly #options: ChildRunsOptions;

  constructor(options: ChildRunsOptions) {
    this.#options = options;
  }

  create(...[above, { number, name: pipeline }, { params, args, wait }]: Parameters<Children["create"]>): ChildRun {
    const { parts, catalog, pauses, newId, checkRoom } = this.#options;
    const depth = above.depth + 1;
    if (depth > maxRunDepth) {
      throw new AppError(
        "DEPTH_LIMIT",
        `run ${above.id} is the last of ${maxRunDepth + 1} runs that started each other`,
        {
          hint: "look for a pipeline that starts itself",
        },
      );
    }
    checkRoom();
    const version = getVersion(catalog, pipeline);
    pauses.check(pipeline);
    const parent = { runId: above.id, number };
    const created = newRun({
      id: newId(),
      pipeline,
      trigger: "pipeline",
      bundleHash: version.bundle.hash,
      params: resolveParams(version.config, params, "pipeline"),
      args,
      createdAt: parts.clock.now(),
      parent,
      depth,
    });
    const run = this.#options.runs().place(created, version, null);
    if (wait) refuseDeadlock(above.concurrencyKey, run, version);
    const begin = (): void => {
      if (wait) this.#watch(run.id, parent);
      void this.#options.runs().take(run, version);
    };
    return { run, begin };
  }

  cancel(id: string, reason: string): void {
    void this.#persist(id, async () => {
      const kept = await this.#options.parts.store.runs.findKept(id);
      if (kept === undefined || isFinal(kept.status) || kept.cancel !== null) return;
      await this.#options.runs().cancel(id, reason);
    });
  }

  async cancelAwaited(parentId: string, reason: string): Promise<void> {
    for (const { id } of await this.#options.parts.store.runs.awaitedRuns(parentId)) this.cancel(id, reason);
  }

  /** Does at start what an earlier life has not come to; the runs themselves are queued already. */
  async recover(): Promise<void> {
    const { store } = this.#options.parts;
    for (const { id, parent, hasEnded } of await store.runs.awaitedRuns()) {
      if (hasEnded) void this.#tell(id, parent);
      else this.#watch(id, parent);
    }
    for (const id of await store.runs.forsakenRuns()) this.cancel(id, "the run that waited for it was asked to end");
  }

  #watch(id: string, parent: StepKey): void {
    this.#options.runs().onEnd(id, () => void this.#tell(id, parent));
  }

  /** Answers the call that waits for a run, where it has ended: again, where that was not recorded. */
  async #tell(id: string, { runId, number }: StepKey): Promise<void> {
    await this.#persist(id, async () => {
      const child = await this.#options.parts.store.runs.find(id);
      if (child === undefined || !isFinal(child.status)) return;
      await this.#options.runs().answerWait(runId, [{ number, ...endOfChild(child) }]);
    });
  }

  async #persist(id: string, work: () => Promise<void>): Promise<void> {
    const { clock, logger } = this.#options.parts;
    const isOver = (): boolean => this.#options.runs().stopped;
    try {
      await awaitStore(clock, work, isOver);
    } catch (thrown) {
      const { code, message } = toAppError(thrown);
      if (code === "RUN_ALREADY_ENDED" || isOver()) return;
      logger.error("a run and the one that started it do not know of each other's end", { run: id, reason: message });
    }
  }
}

/** A run that waits keeps its key. Where only one may have it, the other one would begin never. */
function refuseDeadlock(
  held: string | null,
  { concurrencyKey: key, pipeline }: Pick<NewRun, "concurrencyKey" | "pipeline">,
  { config: { concurrencyLimit, onConflict = "queue" } }: PinnedVersion,
): void {
  const isQueued = onConflict === "queue" || onConflict === "replace-queued";
  if (key === null || key !== held || concurrencyLimit !== 1 || !isQueued) return;
  throw new AppError(
    "DEADLOCK",
    `a run of ${pipeline} would wait for this run, which would wait for it: only one may have ${describeKey(key)}`,
    { hint: "start it with wait: false, or raise the limit of its concurrency" },
  );
}
