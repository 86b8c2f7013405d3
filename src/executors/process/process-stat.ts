// What /proc tells of one process, and what tells a process apart from a later one with the same number.

import { readFileSync } from "node:fs";

/** Enough to recognise a process for ever: numbers are given again, and begin anew at each boot. */
export interface ProcessIdentity {
  readonly pid: number;
  /** Time of its start in clock ticks since boot. */
  readonly startTicks: number;
  readonly bootId: string;
}

/** One process as in proc_pid_stat(5). */
export interface ProcessStat {
  readonly pid: number;
  /** One letter; `Z` and `X` are dead. */
  readonly state: string;
  readonly groupId: number;
  readonly sessionId: number;
  readonly startTicks: number;
}

/** Null where there is no such process. */
export function readProcessStat(pid: number): ProcessStat | null {
  try {
    return parseProcessStat(readFileSync(`/proc/${pid}/stat`, "latin1"));
  } catch {
    return null;
  }
}

/** @internal exported for its test: the name of a program may hold blanks and parentheses. */
export function parseProcessStat(text: string): ProcessStat | null {
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  const state = fields[0] ?? "";
  const [pid, groupId, sessionId, startTicks] = [
    Number.parseInt(text, 10),
    ...[2, 3, 19].map((i) => Number(fields[i])),
  ];
  if (!pid || groupId === undefined || sessionId === undefined || !Number.isFinite(startTicks)) return null;
  return { pid, state, groupId, sessionId, startTicks: startTicks ?? 0 };
}

/** A zombie has ended: only its parent has not asked yet. */
export function isLive(stat: ProcessStat): boolean {
  return stat.state !== "Z" && stat.state !== "X" && stat.state !== "x";
}

/** False for a process that a reboot has ended. */
export function isOfThisBoot({ bootId }: ProcessIdentity): boolean {
  return bootId === readBootId();
}

/** True while exactly this process is alive. */
export function isIdentityLive(identity: ProcessIdentity): boolean {
  if (!isOfThisBoot(identity)) return false;
  const stat = readProcessStat(identity.pid);
  return stat !== null && isLive(stat) && stat.startTicks === identity.startTicks;
}

/** Null where the process is gone. */
export function findProcessIdentity(pid: number): ProcessIdentity | null {
  const stat = readProcessStat(pid);
  return stat && { pid, startTicks: stat.startTicks, bootId: readBootId() };
}

export function parseIdentity(text: string): ProcessIdentity | null {
  try {
    const value: unknown = JSON.parse(text);
    if (typeof value !== "object" || value === null) return null;
    const { pid, startTicks, bootId } = value as Partial<Record<keyof ProcessIdentity, unknown>>;
    if (!Number.isSafeInteger(pid) || !Number.isSafeInteger(startTicks) || typeof bootId !== "string") return null;
    return Number(pid) > 1 ? { pid: Number(pid), startTicks: Number(startTicks), bootId } : null;
  } catch {
    return null;
  }
}

let knownBootId: string | undefined;

function readBootId(): string {
  knownBootId ??= readFileSync("/proc/sys/kernel/random/boot_id", "latin1").trim();
  return knownBootId;
}
