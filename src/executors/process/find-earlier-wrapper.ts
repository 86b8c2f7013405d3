// What became of a wrapper that an earlier life of the server started.

import { existsSync, readlinkSync } from "node:fs";
import { constants, uptime } from "node:os";
import { join } from "node:path";
import { type EndingTools, pause } from "./end-processes.ts";
import {
  findProcessIdentity,
  isIdentityLive,
  isOfThisBoot,
  type ProcessIdentity,
  type ProcessStat,
} from "./process-stat.ts";
import { findEnd, type NotedEnd, saysBegun, spoolPaths, statusFile } from "./spool-folder.ts";
import { StepNotes } from "./step-notes.ts";

export type EarlierWrapper =
  /** Its status comes, or has come this moment. */
  | { readonly state: "running"; readonly identity: ProcessIdentity }
  | { readonly state: "ended"; readonly status: number }
  /** It and its command were told to end: by an earlier life, a service manager that stopped all, or a shutdown. */
  | { readonly state: "stopped" }
  /** Killed before it could write a status, or never started. */
  | {
      readonly state: "lost";
      /** As it was noted; null where it was killed in its first moments, or never started. */
      readonly noted: ProcessIdentity | null;
      /** It has written that it is there. */
      readonly hasBegun: boolean;
    };

export interface EarlierSearch extends EndingTools {
  readonly spoolDir: string;
  readonly stepId: string;
  /** What its processes carry as their step's id. */
  readonly mark: string;
}

/** A server may have died in the moment in which its child was not the wrapper yet. */
const birthMs = 50;

export async function findEarlierWrapper(search: EarlierSearch): Promise<EarlierWrapper> {
  const { spoolDir, stepId, clock } = search;
  const { folder } = spoolPaths(spoolDir, stepId);
  const noted = new StepNotes(folder).findIdentity();
  if (noted && isIdentityLive(noted)) return { state: "running", identity: noted };
  // Only after it was seen dead: it may have written its status until then.
  const found = readEnd(folder) ?? (noted === null ? await findUnnoted(search, folder) : null);
  if (found) return found;
  if (noted === null && existsSync(join(folder, statusFile))) {
    await pause(clock, birthMs);
    const late = await findUnnoted(search, folder);
    if (late) return late;
  }
  return { state: "lost", noted, hasBegun: noted !== null || saysBegun(folder) };
}

/**
 * True where it is certain that a wrapper, and with it the step's command, was never started. After a reboot nothing is:
 * the disk may not have had what the step's folder held.
 */
export function isNotBegun(found: EarlierWrapper, spentMs: number): boolean {
  const isOfThisBoot = spentMs > 0 && spentMs < uptime() * 1000;
  return isOfThisBoot && found.state === "lost" && !found.hasBegun;
}

/** What SIGTERM and SIGKILL leave. */
const killedStatuses = [128 + constants.signals.SIGTERM, 128 + constants.signals.SIGKILL];

/** Null where it has written no status. */
export function readEnd(folder: string): EarlierWrapper | null {
  const end = findEnd(folder);
  if (end === null) return null;
  return wasStopped(end, new StepNotes(folder)) ? { state: "stopped" } : { state: "ended", status: end.status };
}

/**
 * A command that ends well has done its work, told or not. A shutdown tells the wrapper with its command, but a container
 * is stopped by its engine before.
 */
function wasStopped({ status, wasTold }: NotedEnd, notes: StepNotes): boolean {
  if (status === 0) return false;
  if (wasTold) return true;
  const noted = notes.findIdentity();
  return killedStatuses.includes(status) && noted !== null && !isOfThisBoot(noted);
}

async function findUnnoted({ scan, mark, stepId }: EarlierSearch, folder: string): Promise<EarlierWrapper | null> {
  const found = await scan.find({ stepId: mark, leader: null });
  const wrapper = found.find((stat) => isWrapper(stat, stepId));
  const identity = wrapper === undefined ? null : findProcessIdentity(wrapper.pid);
  if (identity === null) return readEnd(folder);
  note(identity, folder);
  return { state: "running", identity };
}

function note(identity: ProcessIdentity, folder: string): void {
  try {
    new StepNotes(folder).writeIdentity(identity);
  } catch {
    // A later life can find it again as this one did.
  }
}

/** It leads its session and has the status file for its stderr, also where the step has removed the folder. */
function isWrapper({ pid, sessionId }: ProcessStat, stepId: string): boolean {
  if (pid !== sessionId) return false;
  try {
    const file = readlinkSync(`/proc/${pid}/fd/2`).replace(/ \(deleted\)$/, "");
    return file.endsWith(`/${stepId}/${statusFile}`);
  } catch {
    return false; // It ended by now.
  }
}
