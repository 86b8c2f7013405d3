// Removes events that are too old or too many, and what became of their deliveries, in small steps.

import type { Store, Write } from "../../store/store.ts";

export interface TrimEventsOptions {
  readonly store: Pick<Store, "events" | "outbound">;
  /** What was recorded before this time is too old. */
  readonly cutoff: number;
  /** So many of the newest are kept at most. */
  readonly maxEvents: number;
  /** What is at this place or behind it has still to be looked at by somebody. */
  readonly neededFrom: number;
  /** The place up to which earlier calls have looked: what is left before it is needed. */
  readonly afterSeq: number;
  /** Makes a pause behind it. */
  readonly commit: (writes: readonly Write[]) => Promise<void>;
  readonly isStopped: () => boolean;
}

/** Looked at in one transaction: about a millisecond's work. */
const lookedAtOnce = 200;

/** Returns the place up to which it has looked. */
export async function trimEvents(options: TrimEventsOptions): Promise<number> {
  const { store, cutoff, maxEvents, commit, isStopped } = options;
  // First, since a delivery keeps its event.
  while (!isStopped() && (await store.outbound.hasFinishedBefore(cutoff))) {
    await commit([{ type: "delivery.trim", before: cutoff }]);
  }
  const end = Math.min(await store.events.firstToKeep(cutoff, maxEvents), options.neededFrom);
  let afterSeq = options.afterSeq;
  while (!isStopped()) {
    const [first] = await store.events.after(afterSeq, 1);
    if (first === undefined || first.seq >= end) break;
    const beforeSeq = Math.min(first.seq + lookedAtOnce, end);
    // As many for each event as there are destinations.
    while (!isStopped() && (await store.outbound.hasSettled(first.seq, beforeSeq))) {
      await commit([{ type: "delivery.trim_settled", fromSeq: first.seq, beforeSeq }]);
    }
    await commit([{ type: "event.trim", fromSeq: first.seq, beforeSeq }]);
    afterSeq = beforeSeq - 1;
  }
  return afterSeq;
}
