// What is known of the resources of the pipelines in force, and a look at them before it is due.

import { AppError } from "../../core/app-error.ts";
import type { ResourceConfig } from "../../core/pipeline-config.ts";
import { resourceNotFound } from "../../core/resource-not-found.ts";
import { type Catalog, resourceScope } from "../../pipelines/pipelines.ts";
import type { ListedVersion, Store } from "../../store/store.ts";
import type { PipelinePauses } from "../pipeline-pauses.ts";
import { keyOf } from "./resource-call.ts";
import type { CheckState, ResourceChecker } from "./resource-checker.ts";

/** Times are milliseconds since the Unix epoch. */
export interface ResourceOverview extends CheckState {
  readonly pipeline: string;
  readonly name: string;
  readonly type: string;
  /** null: only when it is asked for. */
  readonly checkEveryMs: number | null;
  readonly paused: boolean;
  /** The newest first, at most 20. */
  readonly versions: readonly ListedVersion[];
}

export interface ResourceDeskOptions {
  readonly catalog: Pick<Catalog, "get" | "list">;
  readonly pauses: Pick<PipelinePauses, "isPaused">;
  readonly store: Pick<Store, "resources">;
  /** Null where nothing is checked by itself. */
  readonly checker: Pick<ResourceChecker, "stateOf" | "checkNow"> | null;
  /** @throws {AppError} where no new runs are taken now. */
  readonly checkReady: () => void;
}

const mostVersions = 20;
const unchecked: CheckState = { lastCheck: null, nextCheckAt: null };

export class ResourceDesk {
  readonly #options: ResourceDeskOptions;

  constructor(options: ResourceDeskOptions) {
    this.#options = options;
  }

  /** Of one pipeline, or of all, by pipeline; in the order of the file. @throws {AppError} PIPELINE_NOT_FOUND. */
  async list(pipeline?: string): Promise<readonly ResourceOverview[]> {
    const { catalog } = this.#options;
    const ids = pipeline === undefined ? catalog.list().map(({ id }) => id) : [pipeline];
    const resources = ids.flatMap((id) => this.#resourcesOf(id).map((resource) => ({ id, resource })));
    return await Promise.all(resources.map(async ({ id, resource }) => await this.#view(id, resource)));
  }

  /**
   * Checks one resource of a pipeline, or all, and resolves when that is done; how it went is told with each.
   * @throws {AppError} PIPELINE_NOT_FOUND, RESOURCE_NOT_FOUND, and why no new runs are taken now.
   */
  async check(pipeline: string, name?: string): Promise<readonly ResourceOverview[]> {
    this.#options.checkReady();
    const resources = this.#resourcesOf(pipeline);
    const asked = name === undefined ? resources : resources.filter((each) => each.name === name);
    if (name !== undefined && asked.length === 0) throw resourceNotFound(pipeline, name, resources);
    await this.#options.checker?.checkNow(
      pipeline,
      asked.map((each) => each.name),
    );
    return await Promise.all(asked.map(async (resource) => await this.#view(pipeline, resource)));
  }

  #resourcesOf(pipeline: string): readonly ResourceConfig[] {
    const found = this.#options.catalog.get(pipeline);
    if (found === undefined) {
      throw new AppError("PIPELINE_NOT_FOUND", `there is no pipeline ${JSON.stringify(pipeline)}`);
    }
    return found.version?.config.resources ?? [];
  }

  async #view(pipeline: string, resource: ResourceConfig): Promise<ResourceOverview> {
    const { pauses, store, checker } = this.#options;
    const { name, type, checkEveryMs } = resource;
    const paused = pauses.isPaused(pipeline);
    const state = checker?.stateOf(pipeline, name) ?? unchecked;
    const versions = await store.resources.list(
      keyOf(pipeline, { resource: name, scope: resourceScope(resource) }),
      mostVersions,
    );
    return { pipeline, name, type, checkEveryMs, paused, ...state, ...(paused ? { nextCheckAt: null } : {}), versions };
  }
}
