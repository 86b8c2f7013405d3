// What steps of an earlier server life left behind: processes to end, folders to remove.

import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { endProcesses, killProcesses, type EndingTools } from "./end-processes.ts";
import { systemCode } from "./not-started.ts";
import { isIdentityLive } from "./process-stat.ts";
import { findIdentity, findStatus } from "./spool-folder.ts";
import { isStepId } from "./step-id.ts";

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
 * first, where the noted process is still the one that was noted. Processes that a finished command left running on
 * purpose are let be.
 */
export async function endLeftover(
  spoolDir: string,
  stepId: string,
  graceMs: number,
  tools: EndingTools,
): Promise<boolean> {
  const folder = join(spoolDir, stepId);
  if (findStatus(folder) !== null) return false;
  const noted = findIdentity(folder);
  const leader = noted && isIdentityLive(noted) ? noted : null;
  const found = await tools.scan.find({ stepId, leader });
  if (found.length === 0) return false;
  if (leader) {
    const target = { stepId, leader, pid: leader.pid, isWrapperAlive: () => isIdentityLive(leader) };
    await endProcesses(target, graceMs, tools);
  } else {
    await killProcesses({ stepId, leader }, tools);
  }
  return true;
}
