// `config.notify` of pipelines: which targets are told of an event.

import type { EventRecord } from "../../core/event.ts";
import type { NotifyConfig, NotifyReason } from "../../core/pipeline-config.ts";
import type { Catalog } from "../../pipelines/pipelines.ts";

type RunEnd = "succeeded" | "failed";

interface KnownEnd {
  readonly seq: number;
  readonly end: RunEnd;
}

const maxRecoveries = 10_000;

export class NotifyRules {
  readonly #catalog: Pick<Catalog, "get">;
  /** Ends that are cancellations or skips say nothing about whether a pipeline is well. */
  readonly #ends = new Map<string, KnownEnd>();
  /** Places of the latest of them. */
  readonly #recoveries = new Set<number>();

  constructor(catalog: Pick<Catalog, "get">) {
    this.#catalog = catalog;
  }

  /** How a pipeline's last run ended before the events that are looked at from now on. */
  prime(pipeline: string, seq: number, end: RunEnd): void {
    this.#ends.set(pipeline, { seq, end });
  }

  /** The names of targets; events are to be asked about in their order, as often as one likes. */
  targetsOf(event: EventRecord): readonly string[] {
    const { pipeline } = event;
    if (pipeline === null) return [];
    const reasons = this.#reasonsFor(event, pipeline);
    const rules = reasons.length === 0 ? [] : (this.#catalog.get(pipeline)?.version?.config.notify ?? []);
    return [...new Set(rules.filter(({ on }) => reasons.some((reason) => on.includes(reason))).flatMap(toNames))];
  }

  /** A success of a pipeline whose run before had failed; of those that were asked about in this life. */
  isRecovery({ seq }: EventRecord): boolean {
    return this.#recoveries.has(seq);
  }

  #reasonsFor(event: EventRecord, pipeline: string): readonly NotifyReason[] {
    switch (event.type) {
      case "run.completed":
        this.#noteEnd(pipeline, event.seq, "succeeded");
        return this.isRecovery(event) ? ["succeeded", "recovered"] : ["succeeded"];
      case "run.failed":
        this.#noteEnd(pipeline, event.seq, "failed");
        return event.data["status"] === "timed_out" ? ["failed", "timed_out"] : ["failed"];
      case "run.cancelled":
        return ["cancelled"];
      case "run.skipped":
        return ["skipped"];
      case "approval.required":
        return ["approval"];
      default:
        return [];
    }
  }

  #noteEnd(pipeline: string, seq: number, end: RunEnd): void {
    const known = this.#ends.get(pipeline);
    if (known !== undefined && known.seq >= seq) return;
    this.#ends.set(pipeline, { seq, end });
    if (end === "failed" || known?.end !== "failed") return;
    this.#recoveries.add(seq);
    if (this.#recoveries.size > maxRecoveries) this.#recoveries.delete(this.#recoveries.values().next().value ?? 0);
  }
}

function toNames({ to }: NotifyConfig): readonly string[] {
  return to;
}
