// A store that tells, after each commit that can have made an event, that there may be something new to read.

import type { Store, Write } from "../../store/store.ts";

export interface CommittedStore extends Store {
  /** Calls back after each such commit, once it is durable; the returned function takes that back. */
  onCommitted(listener: () => void): () => void;
}

/** The writes that the schema's triggers may make events of, and that of an event itself. */
const eventful: ReadonlySet<Write["type"]> = new Set([
  "run.create",
  "run.start",
  "run.wait",
  "run.drop_queued",
  "run.finish",
  "step.put",
  "event.put",
]);

export function withCommitNews(store: Store): CommittedStore {
  const listeners = new Set<() => void>();
  return {
    ...store,
    commit: async (writes) => {
      await store.commit(writes);
      // Nobody listens where nobody subscribes: then a commit costs what it did.
      if (listeners.size === 0 || !writes.some(({ type }) => eventful.has(type))) return;
      for (const listener of listeners) listener();
    },
    onCommitted: (listener) => {
      // Its own, so that one that is given twice is called twice.
      const own = (): void => listener();
      listeners.add(own);
      return () => listeners.delete(own);
    },
  };
}
