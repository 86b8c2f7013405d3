// What steps of an earlier server life left behind: processes to end, folders to remove.

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { endProcesses, killProcesses, type EndingTools } from "./end-processes.ts";
import { readEnd } from "./find-earlier-wrapper.ts";
import { systemCode } from "./not-started.ts";
import {
  findProcessIdentity,
  isIdentityLive,
  isOfThisBoot,
  type ProcessIdentity,
  type ProcessStat,
} from "./process-stat.ts";
import { isStepId } from "./step-id.ts";
import { StepNotes } from "./step-notes.ts";

/** Ids of steps that have a folder; names of another shape are not ours to touch. */
export async function findSpooledSteps(spoolDir: string): Promise<readonly string[]> {
  try {
    return (await readdir(spoolDir)).filter(isStepId);
  } catch (thrown) {
    if (systemCode(thrown) === "ENOENT") return [];
    throw thrown;
  }
}

/**
 * Ends every process of a step whose server is gone; true if there were any. The group gets SIGTERM and the grace
 * first. The noted process counts only while it is the one that was noted. What a finished command left running on
 * purpose is let be.
 */
export async function endLeftover(
  spoolDir: string,
  stepId: string,
  graceMs: number,
  tools: EndingTools,
): Promise<boolean> {
  const folder = join(spoolDir, stepId);
  if (readEnd(folder)?.state === "ended") return false;
  const noted = new StepNotes(folder).findIdentity();
  if (noted && !isOfThisBoot(noted)) return false;
  const live = noted && isIdentityLive(noted) ? noted : null;
  const found = await tools.scan.find({ stepId, leader: live });
  if (found.length === 0) return false;
  const leader = live ?? findEldestLeader(found);
  if (leader) {
    const target = { stepId, leader, pid: leader.pid, isWrapperAlive: () => isIdentityLive(leader) };
    await endProcesses(target, graceMs, tools);
  } else {
    await killProcesses({ stepId, leader }, tools);
  }
  return true;
}

/** A server may have died before it noted the wrapper, which is the eldest of those that lead a session. */
function findEldestLeader(found: readonly ProcessStat[]): ProcessIdentity | null {
  const leaders = found.filter(({ pid, sessionId }) => pid === sessionId);
  const eldest = leaders.sort((a, b) => a.startTicks - b.startTicks || a.pid - b.pid)[0];
  return eldest ? findProcessIdentity(eldest.pid) : null;
}
