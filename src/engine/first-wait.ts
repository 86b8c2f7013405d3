// Of several calls that wait, when the first goes on by itself.

import type { Wait } from "./ongoing-call.ts";

/** In milliseconds since the Unix epoch; null: none without news. Undefined where one of them does not wait. */
export function firstWait(waits: readonly (Wait | null)[]): number | null | undefined {
  let first: number | null = null;
  for (const wait of waits) {
    if (wait === null) return undefined;
    if (wait.until !== null) first = Math.min(first ?? wait.until, wait.until);
  }
  return first;
}
