// What a script may use, and what is known of one that is executed for the first time.

import { defaultMemoryBytes } from "../core/pipeline-config.ts";
import type { GuestReplay, GuestSpec } from "../sandbox/sandbox.ts";

const cpuPerDeliveryMs = 5000;
const cpuTotalMs = 10 * 60 * 1000;

export const nothingKnown: GuestReplay = { calls: 0, consoleLines: 0, observations: [], cpuUsedMs: 0 };

export function guestLimits(memoryBytes: number | null | undefined): GuestSpec["limits"] {
  return { memoryBytes: memoryBytes ?? defaultMemoryBytes, cpuPerDeliveryMs, cpuTotalMs };
}
