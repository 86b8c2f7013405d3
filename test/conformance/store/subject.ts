// The store under test as the parts of the contract see it, and the bundles and runs they put into it.

import type { NewRun, Store, Write } from "../../../src/store/store.ts";

/** The store under test; another one for each test. */
export interface Subject {
  readonly store: Store;
  /** Closes the store and opens it again in the same place. */
  reopen(): Promise<void>;
}

export function putBundle(hash: string): Extract<Write, { readonly type: "bundle.put" }> {
  const bundle = { hash, code: `code of ${hash}`, sourceMap: '{"version":3}' };
  return { type: "bundle.put", bundle, config: { webhook: {}, params: {} } };
}

export function newRun(changes: Partial<NewRun> = {}): NewRun {
  const id = changes.id ?? Bun.randomUUIDv7();
  const trigger = changes.trigger ?? "manual";
  return {
    id,
    pipeline: "deploy",
    trigger,
    bundleHash: "bundle-1",
    params: {},
    args: [],
    targetJobs: [],
    begunFor: [],
    inboundId: null,
    rerunOf: null,
    createdAt: 1_759_000_000_123,
    triggeredBy: trigger,
    parent: null,
    after: null,
    depth: 0,
    priority: 0,
    concurrencyKey: null,
    scheduledAt: null,
    seed: id,
    scriptRunId: id,
    ...changes,
  };
}

/** A run that is in the store. */
export async function createRun(store: Store, changes: Partial<NewRun> = {}): Promise<NewRun> {
  const run = newRun(changes);
  await store.commit([{ type: "run.create", run }]);
  return run;
}
