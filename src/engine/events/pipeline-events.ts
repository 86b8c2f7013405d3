// `pipeline.loaded` and `pipeline.broken`: told when another version is in force or a file ceases to load, and not when
// a server starts and finds all as it was.

import type { CatalogChange, Pipeline, PipelineVersion } from "../../pipelines/pipelines.ts";
import type { GoodVersion, Store, Write } from "../../store/store.ts";
import type { Logger, Redactor } from "../../telemetry/telemetry.ts";
import { newEvent, problemsToData } from "./new-event.ts";

export interface PipelineEventsOptions {
  readonly store: Pick<Store, "commit" | "events">;
  readonly redactor: Pick<Redactor, "json">;
  readonly logger: Logger;
  readonly now: () => number;
}

const broken = "broken";

export class PipelineEvents {
  readonly #options: PipelineEventsOptions;
  /** What was told of each pipeline last: its version, or that it is broken. */
  readonly #told = new Map<string, string>();

  constructor(options: PipelineEventsOptions) {
    this.#options = options;
  }

  /** Commits what stores a version, and with it that it is in force where another one was. */
  async commitVersion(version: GoodVersion, writes: readonly Write[]): Promise<void> {
    const { pipeline, file, bundleHash } = version;
    const state = stateOf(bundleHash, file);
    const event = this.#told.get(pipeline) === state ? [] : [this.#loaded(pipeline, file, bundleHash)];
    await this.#options.store.commit([...writes, ...event]);
    this.#told.set(pipeline, state);
  }

  /** After the first load. A file that was broken before already is told of when it was. */
  begin(pipelines: readonly Pipeline[]): void {
    for (const { id, file, state, version, problems } of pipelines) {
      if (state === "ok" && version !== null) this.#told.set(id, stateOf(version.bundle.hash, version.file));
      if (state === "broken") void this.#tellUnlessTold({ id, file, state, problems }, version);
    }
  }

  changed(change: Pick<CatalogChange, "id" | "file" | "state" | "problems">, version: PipelineVersion | null): void {
    const { id, state } = change;
    if (state === "removed") {
      this.#told.delete(id);
      return;
    }
    const next = state === "broken" || version === null ? broken : stateOf(version.bundle.hash, version.file);
    if (this.#told.get(id) === next) return;
    this.#told.set(id, next);
    if (next !== broken && version !== null) this.#commit(this.#loaded(id, version.file, version.bundle.hash));
    else this.#commit(this.#broken(change, version));
  }

  async #tellUnlessTold(
    change: Parameters<PipelineEvents["changed"]>[0],
    version: PipelineVersion | null,
  ): Promise<void> {
    const { id } = change;
    this.#told.set(id, broken);
    const { events } = await this.#options.store.events.list({ pipeline: id, type: "pipeline.", limit: 1 });
    if (events[0]?.type !== "pipeline.broken") this.#commit(this.#broken(change, version));
  }

  #loaded(pipeline: string, file: string, bundleHash: string): Write {
    const data = { pipeline, file, bundle_hash: bundleHash };
    return { type: "event.put", event: newEvent("pipeline.loaded", this.#options.now(), pipeline, data) };
  }

  /** `in_force`: an earlier version is. */
  #broken(
    { id, file, problems }: Pick<CatalogChange, "id" | "file" | "problems">,
    version: PipelineVersion | null,
  ): Write {
    const { redactor, now } = this.#options;
    const errors = problems.filter(({ severity }) => severity === "error");
    const data = { pipeline: id, file, in_force: version !== null, problems: problemsToData(errors) };
    return { type: "event.put", event: newEvent("pipeline.broken", now(), id, redactor.json(data)) };
  }

  #commit(write: Write): void {
    this.#options.store.commit([write]).catch((thrown: unknown) => {
      this.#options.logger.warn("an event of a pipeline could not be recorded", { reason: String(thrown) });
    });
  }
}

function stateOf(bundleHash: string, file: string): string {
  return `${bundleHash} ${file}`;
}
