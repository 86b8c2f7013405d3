// Warnings that anybody outside can cause: one line in a while tells of all since the last.

import type { Clock } from "../core/clock.ts";
import type { Logger } from "../telemetry/telemetry.ts";

interface WarningFields {
  readonly pipeline: string;
  readonly reason: string;
  readonly provider?: string;
  /** What the reason is about; of those that are the same only that of the first is told. */
  readonly detail?: string;
}

const repeatEveryMs = 10_000;
const maxKnown = 1000;

export class RepeatedWarnings {
  readonly #logger: Pick<Logger, "warn">;
  readonly #clock: Pick<Clock, "elapsed">;
  /** What is the same → when it was last told, and how many were not told since. */
  readonly #known = new Map<string, { readonly at: number; more: number }>();

  constructor(logger: Pick<Logger, "warn">, clock: Pick<Clock, "elapsed">) {
    this.#logger = logger;
    this.#clock = clock;
  }

  /** `pipeline` and `reason` together are what counts as the same. */
  warn(message: string, fields: WarningFields): void {
    const same = `${fields.pipeline} ${fields.reason}`;
    const known = this.#known.get(same);
    const now = this.#clock.elapsed();
    if (known !== undefined && now - known.at < repeatEveryMs) {
      known.more++;
      return;
    }
    if (this.#known.size >= maxKnown) this.#known.clear();
    this.#known.set(same, { at: now, more: 0 });
    this.#logger.warn(message, { ...fields, more: known?.more || undefined });
  }
}
