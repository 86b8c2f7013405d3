// Pipelines that are paused: they start no runs until they are resumed, over restarts too.

import { AppError } from "../core/app-error.ts";
import type { Clock } from "../core/clock.ts";
import type { Store, Write } from "../store/store.ts";

export class PipelinePauses {
  readonly #store: Pick<Store, "commit">;
  readonly #clock: Pick<Clock, "now">;
  readonly #paused: Set<string>;

  private constructor(store: Pick<Store, "commit">, clock: Pick<Clock, "now">, paused: Iterable<string>) {
    this.#store = store;
    this.#clock = clock;
    this.#paused = new Set(paused);
  }

  static async load(store: Pick<Store, "commit" | "pauses">, clock: Pick<Clock, "now">): Promise<PipelinePauses> {
    return new PipelinePauses(store, clock, (await store.pauses.all()).keys());
  }

  isPaused(pipeline: string): boolean {
    return this.#paused.has(pipeline);
  }

  /** @throws {AppError} PIPELINE_PAUSED. */
  check(pipeline: string): void {
    if (!this.#paused.has(pipeline)) return;
    throw new AppError("PIPELINE_PAUSED", `pipeline ${JSON.stringify(pipeline)} is paused and starts no runs`, {
      hint: `\`runner resume ${pipeline}\` lets it start runs again`,
    });
  }

  /** Durable when it resolves. @throws {AppError} STORE_UNAVAILABLE. */
  async pause(pipeline: string): Promise<void> {
    await this.#store.commit([{ type: "pipeline.pause", pipeline, at: this.#clock.now() }]);
    this.#paused.add(pipeline);
  }

  /** `writes` are recorded in the same transaction. @throws {AppError} STORE_UNAVAILABLE. */
  async resume(pipeline: string, writes: readonly Write[]): Promise<void> {
    await this.#store.commit([...writes, { type: "pipeline.resume", pipeline }]);
    this.#paused.delete(pipeline);
  }
}
