// Opens stores in folders of their own for tests, and makes writes to put into them.

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openSqliteStore, type Store, type Write } from "../../../src/store/store.ts";

const worker = new URL("../../../src/store-worker.ts", import.meta.url).href;

export const createWorker = (): Worker => new Worker(worker);

export async function openStore(path: string): Promise<Store> {
  return await openSqliteStore({ path, createWorker, now: Date.now });
}

export function makeFolder(): string {
  return mkdtempSync(join(tmpdir(), "runner-store-"));
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Runs the action with the path of a database that does not exist yet, in a folder removed afterwards. */
export async function withDatabase(action: (path: string, folder: string) => Promise<void>): Promise<void> {
  const folder = makeFolder();
  try {
    await action(join(folder, "runner.db"), folder);
  } finally {
    removeFolder(folder);
  }
}

export function setValue(key: string, value: string | number = 1, pipeline = "deploy"): Write {
  return { type: "value.set", pipeline, key, value };
}

/** Fails by its own fault: there is no such run. */
export const impossibleWrite: Write = { type: "run.start", id: "no such run", at: 1 };

/** What the promise rejects with. @throws when it resolves. */
export async function rejection(promise: Promise<unknown>): Promise<unknown> {
  let value: unknown;
  try {
    value = await promise;
  } catch (error) {
    return error;
  }
  throw new Error(`resolved with ${JSON.stringify(value)}, but should have rejected`);
}
