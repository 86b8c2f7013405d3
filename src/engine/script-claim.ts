// `webhookDedup` of scripts: the first run that asks with a value is the one that it is new to.

import type { Clock } from "../core/clock.ts";
import type { JsonValue } from "../core/json.ts";
import type { NewRun, Store } from "../store/store.ts";
import { awaitStore } from "./await-store.ts";
import { deliveryWindowMs, keyOfValue } from "./delivery-key.ts";
import { isRepetition } from "./known-deliveries.ts";

export interface ScriptClaim {
  readonly store: Pick<Store, "commit" | "deliveries">;
  readonly clock: Pick<Clock, "now" | "after">;
  readonly run: Pick<NewRun, "id" | "pipeline" | "seed" | "createdAt">;
  readonly expression: string;
  readonly value: JsonValue;
  /** Nobody waits for the answer any more. */
  readonly isOver: () => boolean;
}

/**
 * Whether another run has the value already, which goes on or has succeeded, and is not repeated by this one. What is
 * answered is on record before that: a run that asks once more, after a crash, is told the same.
 */
export async function isClaimed({ store, clock, run, expression, value, isOver }: ScriptClaim): Promise<boolean> {
  const key = keyOfValue(expression, value);
  if (key === null) return false;
  const { id: runId, pipeline, createdAt: at } = run;
  const knownSince = clock.now() - deliveryWindowMs;
  let insteadOf: string | null = null;
  for (;;) {
    const claim = { type: "delivery.claim", pipeline, key, runId, at, body: null, knownSince, insteadOf } as const;
    try {
      await awaitStore(clock, async () => await store.commit([claim]), isOver);
      return false;
    } catch (thrown) {
      const known = isRepetition(thrown) ? await store.deliveries.find(pipeline, key) : undefined;
      // Without one this run itself is not on record, as that of a repetition that was dropped: nobody waits for it.
      if (known === undefined) throw thrown;
      if (known.seed === run.seed) return false;
      if (!known.isUndone) return true;
      insteadOf = known.runId;
    }
  }
}
