// Locks: what taking one waits for, and giving it back, from the arguments of their calls.

import type { OngoingCallOptions } from "./ongoing-call.ts";
import type { WaitEnd, WaitTerms } from "./wait-call.ts";

/** A step of the run only where it has to wait. Answering the call is what gives the run the lock. */
export function lockTerms({ call, run, parts, output }: OngoingCallOptions): WaitTerms {
  const { locks } = parts;
  const { name, number } = call;
  const { limit } = call.args as { readonly limit: number };
  const message = locks.describeWait(run, name, limit);
  return {
    until: null,
    ...(message === null ? {} : { kind: "lock", message }),
    begin: () => {
      const isTaken = locks.ask(run, call, limit);
      const put = { type: "lock.put", pipeline: run.pipeline, name, runId: run.id, number, limit } as const;
      if (isTaken) return { writes: [put], end: lockTaken, effect: () => {} };
      // Whoever follows the run sees why nothing happens.
      const text = `waits for the lock ${JSON.stringify(name)}, ${message ?? "held by others"}`;
      const at = parts.clock.now();
      const line = output.log.append(run.id, { at, source: "system", level: "info", text, afterCall: number });
      return { writes: [put, line.write], effect: line.show };
    },
    giveUp: () => {
      locks.giveUp(run, name);
      return [{ type: "lock.remove", runId: run.id, name }];
    },
  };
}

export function unlockTerms({ call, run, parts }: OngoingCallOptions): WaitTerms {
  return {
    until: null,
    begin: () => ({
      effect: parts.locks.release(run, call.name),
      writes: [{ type: "lock.remove", runId: run.id, name: call.name }],
      end: lockTaken,
    }),
  };
}

/** What the call that waits for a lock is answered with. */
export const lockTaken: WaitEnd = { outcome: { ok: true, value: undefined }, status: "succeeded", message: "taken" };
