// A run's log as a stream: what is stored, then what comes.

import type { LogEntry } from "../core/log-entry.ts";
import { isFinal } from "../core/run.ts";
import type { Store } from "../store/store.ts";
import type { FollowOptions } from "./contract.ts";
import type { LogFollower } from "./run-log.ts";
import type { RunRegistry } from "./run-registry.ts";

/** An entry of output may be 64 KiB, and a page stays in memory for as long as its reader takes: many may be slow. */
const pageChars = 256 * 1024;
const firstPageEntries = 8;
const maxPageEntries = 200;

type LogStore = { readonly logs: Pick<Store["logs"], "list">; readonly runs: Pick<Store["runs"], "find"> };
type Runs = Pick<RunRegistry, "findLive" | "onChange">;

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
      follower ??= await followNext(store, runs, runId, options.signal);
      const isOver = follower === null;
      const next = follower === null ? null : await follower.next();
      if (next === null || next.lost) {
        for await (const entry of readStored(store, runId, lastSeq)) {
          lastSeq = entry.seq;
          yield entry;
        }
      }
      if (isOver) return;
      if (next === null) {
        // It has ended, or left memory to wait.
        follower?.close();
        follower = null;
        continue;
      }
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

/** Waits until a run that is queued or waits comes into memory. Null when it has ended, or the server stops. */
async function followNext(
  store: LogStore,
  runs: Runs,
  runId: string,
  signal?: AbortSignal,
): Promise<LogFollower | null> {
  for (let mayChange = true; mayChange && signal?.aborted !== true;) {
    // Listened for before it is looked at, so that nothing falls between the two.
    const { promise: changed, resolve } = Promise.withResolvers<void>();
    const stopListening = runs.onChange(runId, resolve);
    signal?.addEventListener("abort", () => resolve(), { once: true });
    try {
      const follower = follow(runs, runId);
      if (follower !== null) return follower;
      const run = await store.runs.find(runId);
      mayChange = run !== undefined && !isFinal(run.status);
      if (mayChange) await changed;
    } finally {
      stopListening();
    }
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
