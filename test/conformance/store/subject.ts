// The store under test as the parts of the contract see it, and the bundles and runs they put into it.

import type { NewRun, Store, Write } from "../../../src/store/store.ts";

/** The store under test; another one for each test. */
export interface Subject {
  readonly store: Store;
  /** Closes the store and opens it again in the same place. */
  reopen(): Promise<void>;
}

export function putBundle(hash: string): Write {
  return { type: "bundle.put", bundle: { hash, code: `code of ${hash}`, sourceMap: '{"version":3}' } };
}

export function newRun(changes: Partial<NewRun> = {}): NewRun {
  return {
    id: Bun.randomUUIDv7(),
    pipeline: "deploy",
    trigger: "manual",
    bundleHash: "bundle-1",
    params: {},
    args: [],
    inboundId: null,
    rerunOf: null,
    createdAt: 1_759_000_000_123,
    ...changes,
  };
}

/** A run that is in the store. */
export async function createRun(store: Store, changes: Partial<NewRun> = {}): Promise<NewRun> {
  const run = newRun(changes);
  await store.commit([{ type: "run.create", run }]);
  return run;
}
