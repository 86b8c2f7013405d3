// Reads /proc: the processes of a server, their memory, and the steps that are running.

import { readdirSync, readFileSync } from "node:fs";

function read(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return ""; // It ended between the listing and the reading.
  }
}

function listPids(): readonly number[] {
  return readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

function parentOf(pid: number): number {
  const stat = read(`/proc/${String(pid)}/stat`);
  return Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1] ?? 0);
}

/** A process and all below it. */
function findTree(root: number): readonly number[] {
  const parents = new Map(listPids().map((pid) => [pid, parentOf(pid)]));
  const tree = [root];
  for (const pid of tree) {
    for (const [child, parent] of parents) if (parent === pid) tree.push(child);
  }
  return tree;
}

export interface Memory {
  readonly processes: number;
  /** Shared pages count in part, so that the sum over processes is what they take together. */
  readonly pssMib: number;
}

export function measureMemory(root: number): Memory {
  const tree = findTree(root);
  const kib = tree.map((pid) => Number(/^Pss: +(\d+) kB/m.exec(read(`/proc/${String(pid)}/smaps_rollup`))?.[1] ?? 0));
  return { processes: tree.length, pssMib: kib.reduce((sum, value) => sum + value, 0) / 1024 };
}

/** How many steps of a pipeline have a process now. */
export function countRunningSteps(pipeline: string): number {
  const ids = new Set<string>();
  for (const pid of listPids()) {
    const environment = read(`/proc/${String(pid)}/environ`);
    if (!environment.includes(`RUNNER_PIPELINE=${pipeline}\0`)) continue;
    const id = /RUNNER_STEP_ID=([^\0]*)/.exec(environment)?.[1];
    if (id !== undefined) ids.add(id);
  }
  return ids.size;
}
