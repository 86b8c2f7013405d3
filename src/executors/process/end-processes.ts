// Ending a step: SIGTERM to its group, a grace, SIGKILL, then every process that carries its id, wherever it went.

import type { constants } from "node:os";
import type { Clock } from "../../core/clock.ts";
import type { ProcessScan, StepMark } from "./process-scan.ts";

export interface EndingTools {
  readonly clock: Clock;
  readonly scan: ProcessScan;
}

/** What is to be ended. */
export interface EndingTarget extends StepMark {
  /** The wrapper's number, which is also that of its group and session; null where it ended and nobody knows it. */
  readonly pid: number | null;
  /** True until the wrapper has been seen to end; after that its number may belong to another. */
  readonly isWrapperAlive: () => boolean;
}

/** How an ending went. */
export interface Ending {
  /** SIGTERM was not enough. */
  readonly killed: boolean;
  /** Processes that could not be ended: another user's, or stuck in the kernel. */
  readonly remaining: number;
}

const longestPollMs = 50;
const killRounds = 40;
const longestRoundMs = 100;

/** Asks the group to end, waits up to `graceMs` for it, then ends by force all that is left. */
export async function endProcesses(target: EndingTarget, graceMs: number, tools: EndingTools): Promise<Ending> {
  signalGroup(target, "SIGTERM");
  const inTime = await waitForGroup(target, graceMs, tools);
  if (!inTime) signalGroup(target, "SIGKILL");
  return { killed: !inTime, remaining: await killProcesses(target, tools) };
}

/**
 * SIGKILL to all that is found of a step, until a look finds nothing more: processes may be born between look and
 * signal. Bounded to some seconds. Resolves with how many are left.
 */
export async function killProcesses(mark: StepMark, { clock, scan }: EndingTools): Promise<number> {
  for (let round = 0; ; round++) {
    const found = await scan.find(mark);
    if (found.length === 0 || round === killRounds) return found.length;
    for (const { pid } of found) if (pid > 1) sendSignal(pid, "SIGKILL");
    await pause(clock, Math.min(round * 5, longestRoundMs));
  }
}

/** True when the whole group ended in time. Processes in other groups are not waited for. */
async function waitForGroup(target: EndingTarget, graceMs: number, { clock, scan }: EndingTools): Promise<boolean> {
  const deadline = clock.elapsed() + graceMs;
  for (let pollMs = 2; ; pollMs = Math.min(pollMs * 2, longestPollMs)) {
    if (target.pid === null || !sendSignal(-target.pid, 0)) return true;
    // A group of zombies takes signals too, so after the wrapper only a look at their states tells.
    if (!target.isWrapperAlive()) {
      const found = await scan.find(target);
      if (!found.some(({ groupId }) => groupId === target.pid)) return true;
    }
    const leftMs = deadline - clock.elapsed();
    if (leftMs <= 0) return false;
    await pause(clock, Math.min(pollMs, leftMs));
  }
}

/** Only while the number is known to be the wrapper's. */
export function signalGroup({ pid, isWrapperAlive }: EndingTarget, signal: keyof typeof constants.signals): void {
  if (pid !== null && isWrapperAlive()) sendSignal(-pid, signal);
}

/** False when there is nothing with this number (or group, where negative). */
function sendSignal(pid: number, signal: keyof typeof constants.signals | 0): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch (thrown) {
    return thrown instanceof Error && "code" in thrown && thrown.code === "EPERM";
  }
}

export function pause(clock: Clock, delayMs: number): Promise<void> {
  return new Promise((resolve) => void clock.after(delayMs, resolve));
}
