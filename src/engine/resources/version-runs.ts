// Begins runs for the versions of resources that jobs have had none for yet.
//
// How far a job has come with a resource is recorded in the transaction that creates its run: each version begins its
// runs once, also where the server dies in between.

import type { Clock } from "../../core/clock.ts";
import type { ResourceConfig, ResourceTrigger } from "../../core/pipeline-config.ts";
import { type PipelineVersion, resourceScope } from "../../pipelines/pipelines.ts";
import type { ResourceKey, Store, Write } from "../../store/store.ts";
import type { Logger } from "../../telemetry/telemetry.ts";
import { newRun } from "../new-run.ts";
import { resolveParams } from "../resolve-params.ts";
import type { RunRegistry } from "../run-registry.ts";
import type { StepSlots } from "../step-slots.ts";
import { takeSlot } from "../take-slot.ts";
import { followersOf } from "./followers-of.ts";
import { LastRuns } from "./last-runs.ts";
import { findNext, type NextVersion } from "./next-version.ts";
import { keyOf } from "./resource-call.ts";

export interface VersionRunsOptions {
  readonly store: Pick<Store, "resources" | "runs">;
  readonly clock: Pick<Clock, "now">;
  readonly logger: Logger;
  readonly runs: Pick<RunRegistry, "submit">;
  readonly newId: () => string;
  /** @throws {AppError} where no new runs are taken now. */
  readonly checkReady: () => void;
  /** Of whoever looks which version a job is given next, until that is on record. */
  readonly versionTurns: StepSlots;
  /** Aborted when nothing is to be begun any more. */
  readonly over: AbortSignal;
}

/** A resource as its pipeline is in force, which may be another one after each wait. */
export interface Watched {
  readonly pipeline: string;
  readonly version: PipelineVersion;
  readonly resource: ResourceConfig;
  readonly key: ResourceKey;
}

export interface Limits {
  /** Nothing of it is to be begun any more. */
  readonly isGone: () => boolean;
  /** Whether a job is not to begin yet. */
  readonly isHeld: (job: string) => boolean;
}

/** Jobs of one run that are given the same version, each in the same way. */
interface Given {
  readonly key: ResourceKey;
  readonly mode: ResourceTrigger["mode"];
  readonly known: NextVersion;
  readonly jobs: readonly string[];
}

/** Of versions that each begin a run, at once. */
const mostRunsAtOnce = 100;

export class VersionRuns {
  readonly #options: VersionRunsOptions;
  readonly #lastRuns: LastRuns;

  constructor(options: VersionRunsOptions) {
    this.#options = options;
    this.#lastRuns = new LastRuns(options.store.runs);
  }

  /** A run for each version, of all jobs that wait for it: what must pass several sees them. @throws why it cannot begin. */
  async begin(watched: Watched, limits: Limits): Promise<void> {
    const { versionTurns, over } = this.#options;
    for (let left = mostRunsAtOnce; left > 0 && !limits.isGone(); left--) {
      const endTurn = await takeSlot(versionTurns, over);
      try {
        if (!(await this.#beginOldest(watched, limits))) return;
      } finally {
        endTurn();
      }
    }
  }

  async #beginOldest(watched: Watched, { isGone, isHeld }: Limits): Promise<boolean> {
    const due = await this.#findDue(watched);
    const oldest = Math.min(...due.map(({ seq }) => seq));
    const jobs = new Set(due.flatMap(({ seq, job }) => (seq === oldest ? [job] : [])));
    const given = await this.#findGiven(watched, jobs);
    if (jobs.size === 0 || isGone() || [...jobs].some(isHeld)) return false;
    await this.#submit(watched, [...jobs], given);
    return true;
  }

  /** The next version of a resource for each job that is to begin for it. */
  async #findDue(watched: Watched): Promise<readonly { readonly job: string; readonly seq: number }[]> {
    const { pipeline, key, resource } = watched;
    const due: { readonly job: string; readonly seq: number }[] = [];
    for (const { job, mode } of resource.triggers) {
      const next = await findNext(this.#options.store.resources, key, { job, mode, passed: [] });
      if (next === undefined || next.seq <= next.upTo || !(await this.#canBegin(watched, job))) continue;
      // The first sight of a resource begins one run, however much there was before.
      const takesNewest = mode === "latest" || next.upTo === 0;
      // One that is still queued will take the newest itself.
      if (!takesNewest || !(await this.#lastRuns.isQueued(pipeline, job))) due.push({ job, seq: next.seq });
    }
    return due;
  }

  /**
   * Whether something has passed each job that this one is behind. Until then it could only fail, and what it was
   * begun for lost to it; a run that comes to it from those jobs gives it that too.
   */
  async #canBegin(watched: Watched, job: string): Promise<boolean> {
    const needs = watched.version.config.jobs?.find(({ name }) => name === job)?.needs ?? [];
    const passing = new Set<string>();
    for (const { key } of needs.length === 0 ? [] : resourcesOf(watched)) {
      for (const need of needs)
        if ((await this.#options.store.resources.newest(key, [need])) !== undefined) passing.add(need);
    }
    return needs.every((need) => passing.has(need));
  }

  /**
   * What jobs of one run are given of all the resources that they wait for, as it is known now: nothing else is to begin for
   * that. Where it is new, the other jobs that are to begin for it join them. Jobs that follow take what there is when they
   * are come to, for whether they are depends on others.
   */
  async #findGiven(watched: Watched, jobs: Set<string>): Promise<readonly Given[]> {
    const given: Given[] = [];
    for (const job of jobs) {
      for (const { key, resource } of resourcesOf(watched)) {
        for (const { mode } of resource.triggers.filter((trigger) => trigger.job === job)) {
          const known = await findNext(this.#options.store.resources, key, { job, mode, passed: [] });
          if (known === undefined) continue;
          given.push({ key, mode, known, jobs: [job] });
          if (known.seq <= known.upTo) continue;
          for (const other of await this.#findDue({ ...watched, key, resource }))
            if (other.seq === known.seq) jobs.add(other.job);
        }
      }
    }
    return join(given);
  }

  async #submit(
    { pipeline, version, resource }: Watched,
    jobs: readonly string[],
    given: readonly Given[],
  ): Promise<void> {
    const { clock, runs, newId, checkReady, logger } = this.#options;
    checkReady();
    const run = newRun({
      id: newId(),
      pipeline,
      trigger: "schedule",
      bundleHash: version.bundle.hash,
      params: resolveParams(version.config, {}, "schedule"),
      targetJobs: followersOf(version.config.jobs ?? [], jobs),
      begunFor: given.map((each) => ({
        resource: each.key.resource,
        scope: each.key.scope,
        jobs: each.jobs,
        mode: each.mode,
        version: each.known.version,
        seq: each.known.seq,
      })),
      createdAt: clock.now(),
    });
    const writes = given.flatMap((each) =>
      each.jobs.map((job): Write => ({ type: "resource.begin", ...each.key, job, seq: each.known.seq })),
    );
    await runs.submit({ run, version, request: null, writes });
    for (const job of jobs) this.#lastRuns.note(pipeline, job, run.id);
    const about = { pipeline, resource: resource.name, job: jobs.join(", "), run: run.id };
    logger.info("a new version of a resource begins a run", about);
  }
}

function resourcesOf({ pipeline, version }: Watched): readonly Pick<Watched, "key" | "resource">[] {
  return (version.config.resources ?? []).map((resource) => ({
    key: keyOf(pipeline, { resource: resource.name, scope: resourceScope(resource) }),
    resource,
  }));
}

/** Those of the same version in one, each job once. */
function join(given: readonly Given[]): readonly Given[] {
  const joined = new Map<string, Given>();
  for (const each of given) {
    const id = JSON.stringify([each.key.resource, each.mode, each.known.seq]);
    const jobs = [...new Set([...(joined.get(id)?.jobs ?? []), ...each.jobs])];
    joined.set(id, { ...each, jobs });
  }
  return [...joined.values()];
}
