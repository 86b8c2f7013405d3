// News for a run that waits outside memory: its journal has them first, then the run is brought back.

import { isFinal } from "../core/run.ts";
import type { Store } from "../store/store.ts";
import type { Clock } from "../core/clock.ts";
import { endWait, type WaitAnswer } from "./wait-call.ts";

/** Resolves when it is durable; false where the call has its answer already, or the run does not wait for it. */
export async function answerParked(
  { store, clock }: { readonly store: Store; readonly clock: Pick<Clock, "now"> },
  runId: string,
  { number, outcome, status, message }: WaitAnswer,
): Promise<boolean> {
  const kept = await store.runs.findKept(runId);
  if (kept === undefined || isFinal(kept.status) || kept.cancel !== null) return false;
  const { calls, deliveries } = await store.journal.load(runId);
  const call = calls.find((each) => each.number === number);
  if (call === undefined || call.outcome !== undefined) return false;
  const at = clock.now();
  const step = (await store.journal.steps(runId)).get(number)?.step;
  const seq = (deliveries.at(-1)?.seq ?? 0) + 1;
  await store.commit([
    { type: "journal.complete", runId, number, outcome, at },
    { type: "journal.deliver", runId, delivery: { seq, type: "result", call: number } },
    // Also where this process ends before it has brought the run back.
    { type: "run.wake", id: runId, at },
    ...(step === undefined ? [] : [{ type: "step.put", runId, step: endWait(step, status, at, message) } as const]),
  ]);
  return true;
}
