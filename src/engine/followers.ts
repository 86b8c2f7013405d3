// The ends of runs, and the runs that begin with them: those of pipelines whose `config.after` names that end.

import { maxRunDepth, type PrecedingRun } from "../core/run.ts";
import type { Catalog, PipelineVersion } from "../pipelines/pipelines.ts";
import type { NewRun, Write } from "../store/store.ts";
import { newRun } from "./new-run.ts";
import type { PipelinePauses } from "./pipeline-pauses.ts";
import { resolveDefaults } from "./resolve-params.ts";
import { plainError, type RunEnd } from "./run-end.ts";

/** What of a run its end needs. */
export type EndingRun = Pick<NewRun, "id" | "pipeline" | "depth">;

/** The end of a run as it is recorded, in one transaction with what begins with it. */
export interface RecordedEnd {
  readonly writes: readonly Write[];
  /** To be called once that is durable. */
  readonly begin: () => void;
}

export interface FollowersOptions {
  readonly catalog: Pick<Catalog, "get" | "list" | "watchChanges">;
  readonly pauses: Pick<PipelinePauses, "isPaused">;
  readonly newId: () => string;
  /** The run with its place in the queue. */
  readonly place: (run: NewRun, version: PipelineVersion) => NewRun;
  /** Lets a run begin that is recorded. */
  readonly take: (run: NewRun, version: PipelineVersion) => void;
}

interface Follower {
  readonly id: string;
  readonly version: PipelineVersion;
}

interface CreatedRun {
  readonly run: NewRun;
  readonly version: PipelineVersion;
}

const nobody: RecordedEnd["begin"] = () => {};

export class Followers {
  readonly #options: FollowersOptions;
  /** Pipelines that are followed → those that follow them; null: to be found anew. */
  #byPipeline: ReadonlyMap<string, readonly string[]> | null = null;

  constructor(options: FollowersOptions) {
    this.#options = options;
    options.catalog.watchChanges(() => (this.#byPipeline = null));
  }

  /**
   * Every end of a run is recorded by these writes: a crash loses neither it nor what begins with it. `finish` is the
   * one for the run itself.
   */
  endRun(
    run: EndingRun,
    end: RunEnd,
    at: number,
    finish: Write = { type: "run.finish", id: run.id, ...end, at },
  ): RecordedEnd {
    const created = this.#find(run, end).map((follower) => this.#create(follower, run, end, at));
    if (created.length === 0) return { writes: [finish], begin: nobody };
    const creations = created.map(({ run: each }) => ({ type: "run.create", run: each }) as const);
    // Pipelines that follow each other in a circle would do so for ever.
    if (run.depth >= maxRunDepth) {
      return { writes: [finish, ...creations, ...created.map((each) => skip(each, at))], begin: nobody };
    }
    const begin = (): void => {
      for (const { run: each, version } of created) this.#options.take(each, version);
    };
    return { writes: [finish, ...creations], begin };
  }

  #create(
    { id: pipeline, version }: Follower,
    { id: runId, pipeline: preceding, depth }: EndingRun,
    { status, result, error }: RunEnd,
    at: number,
  ): CreatedRun {
    const after: PrecedingRun = { runId, pipeline: preceding, status, result, error };
    const run = newRun({
      id: this.#options.newId(),
      pipeline,
      trigger: "pipeline",
      bundleHash: version.bundle.hash,
      params: resolveDefaults(version.config),
      createdAt: at,
      after,
      depth: depth + 1,
    });
    return { run: this.#options.place(run, version), version };
  }

  #find({ pipeline }: EndingRun, { status }: RunEnd): readonly Follower[] {
    const { catalog, pauses } = this.#options;
    this.#byPipeline ??= indexFollowers(catalog);
    return (this.#byPipeline.get(pipeline) ?? []).flatMap((id) => {
      const version = catalog.get(id)?.version ?? null;
      const isMeant = version?.config.after?.some(
        (after) => after.pipeline === pipeline && after.statuses.includes(status),
      );
      return version === null || isMeant !== true || pauses.isPaused(id) ? [] : [{ id, version }];
    });
  }
}

function skip({ run }: CreatedRun, at: number): Write {
  const message = `more than ${maxRunDepth} runs would have begun with each other's end`;
  const error = plainError("DEPTH_LIMIT", message, "look for a circle of pipelines in their config.after");
  return { type: "run.finish", id: run.id, status: "skipped", result: null, error, at };
}

function indexFollowers(catalog: Pick<Catalog, "list">): ReadonlyMap<string, readonly string[]> {
  const byPipeline = new Map<string, string[]>();
  for (const { id, version } of catalog.list()) {
    for (const followed of new Set(version?.config.after?.map(({ pipeline }) => pipeline))) {
      byPipeline.set(followed, [...(byPipeline.get(followed) ?? []), id]);
    }
  }
  return byPipeline;
}
