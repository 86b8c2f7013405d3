// News for a run that waits outside memory: its journal has them first, then the run is brought back.

import { isFinal } from "../core/run.ts";
import type { Store, Write } from "../store/store.ts";
import type { Clock } from "../core/clock.ts";
import { endWait, type WaitAnswer } from "./wait-call.ts";

/** Resolves when it is durable; false where the calls have their answers already, or the run does not wait for them. */
export async function answerParked(
  { store, clock }: { readonly store: Store; readonly clock: Pick<Clock, "now"> },
  runId: string,
  answers: readonly WaitAnswer[],
): Promise<boolean> {
  const kept = await store.runs.findKept(runId);
  if (kept === undefined || isFinal(kept.status) || kept.cancel !== null) return false;
  const { calls, deliveries } = await store.journal.load(runId);
  const open = new Set(calls.flatMap(({ number, outcome }) => (outcome === undefined ? [number] : [])));
  const taken = answers.filter(({ number }) => open.has(number));
  if (taken.length === 0) return false;
  const steps = await store.journal.steps(runId);
  const at = clock.now();
  const lastSeq = deliveries.at(-1)?.seq ?? 0;
  const writes = taken.flatMap(({ number, outcome, status, message }, index): readonly Write[] => {
    const delivery = { seq: lastSeq + 1 + index, type: "result", call: number } as const;
    const step = steps.get(number)?.step;
    return [
      { type: "journal.complete", runId, number, outcome, at },
      { type: "journal.deliver", runId, delivery },
      ...(step === undefined ? [] : [{ type: "step.put", runId, step: endWait(step, status, at, message) } as const]),
    ];
  });
  // Also where this process ends before it has brought the run back.
  await store.commit([...writes, { type: "run.wake", id: runId, at }]);
  return true;
}
