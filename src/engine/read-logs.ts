// A run's log as a stream: what is stored, then what comes.

import type { LogEntry } from "../core/log-entry.ts";
import type { Store } from "../store/store.ts";
import type { FollowOptions } from "./contract.ts";
import type { LogFollower } from "./run-log.ts";
import type { RunRegistry } from "./run-registry.ts";

/** An entry of output may be 64 KiB, and a page stays in memory for as long as its reader takes: many may be slow. */
const pageChars = 256 * 1024;
const firstPageEntries = 8;
const maxPageEntries = 200;

type LogStore = { readonly logs: Pick<Store["logs"], "list"> };
type Runs = Pick<RunRegistry, "findLive" | "isUnfinished">;

/** The entries of a run's log in order of `seq`, each once. */
export async function* readLogs(
  store: LogStore,
  runs: Runs,
  runId: string,
  options: FollowOptions,
): AsyncGenerator<LogEntry> {
  let lastSeq = options.afterSeq;
  // Subscribed before the store is read, so that nothing falls between the two.
  let follower = options.follow ? follow(runs, runId) : null;
  const close = (): void => follower?.close();
  options.signal?.addEventListener("abort", close);
  try {
    for await (const entry of readStored(store, runId, lastSeq)) {
      lastSeq = entry.seq;
      yield entry;
    }
    while (options.follow && options.signal?.aborted !== true) {
      follower ??= await followQueued(runs, runId, options.signal);
      const next = follower === null ? null : await follower.next();
      if (next === null || next.lost) {
        for await (const entry of readStored(store, runId, lastSeq)) {
          lastSeq = entry.seq;
          yield entry;
        }
      }
      if (next === null) return;
      for (const entry of next.entries) {
        if (entry.seq <= lastSeq) continue;
        lastSeq = entry.seq;
        yield entry;
      }
    }
  } finally {
    options.signal?.removeEventListener("abort", close);
    follower?.close();
  }
}

function follow(runs: Runs, runId: string): LogFollower | null {
  return runs.findLive(runId)?.log.follow() ?? null;
}

/** Waits until a queued run begins. Null when it has ended. */
async function followQueued(runs: Runs, runId: string, signal?: AbortSignal): Promise<LogFollower | null> {
  const waitMs = 50;
  while (runs.isUnfinished(runId) && signal?.aborted !== true) {
    const follower = follow(runs, runId);
    if (follower !== null) return follower;
    await new Promise((resolve) => setTimeout(resolve, waitMs));
  }
  return null;
}

async function* readStored(store: LogStore, runId: string, afterSeq: number): AsyncGenerator<LogEntry> {
  let lastSeq = afterSeq;
  for (let limit = firstPageEntries; ;) {
    const { entries, isCut } = cut(await store.logs.list(runId, { afterSeq: lastSeq, limit }));
    yield* entries;
    const last = entries.at(-1);
    if (last === undefined || (!isCut && entries.length < limit)) return;
    lastSeq = last.seq;
    limit = isCut ? entries.length : Math.min(2 * limit, maxPageEntries);
  }
}

/** The entries of a page that are kept in memory; what is cut off is read again. */
function cut(page: readonly LogEntry[]): { readonly entries: readonly LogEntry[]; readonly isCut: boolean } {
  let chars = 0;
  const tooMany = page.findIndex(({ text }, index) => (chars += text.length) > pageChars && index > 0);
  return tooMany === -1 ? { entries: page, isCut: false } : { entries: page.slice(0, tooMany), isCut: true };
}
