// Group commit: what is committed while the disk is busy waits, and goes to it together.

import { AppError } from "../../core/app-error.ts";
import type { EncodedCommit, EncodedWrite } from "./encode-commit.ts";
import { unpackError } from "./sqlite-error.ts";
import type { CommitFailure } from "./worker-messages.ts";

const maxBatchCommits = 512;
const maxBatchBytes = 8 * 1024 * 1024;

/** Makes a batch durable; resolves with the commits left out, rejects when nothing of it was kept. */
export type SendBatch = (commits: readonly (readonly EncodedWrite[])[]) => Promise<readonly CommitFailure[]>;

interface PendingCommit {
  readonly commit: EncodedCommit;
  readonly settled: PromiseWithResolvers<void>;
}

export class CommitQueue {
  readonly #send: SendBatch;
  #pending: PendingCommit[] = [];
  #pumping: Promise<void> | undefined;
  #closed = false;

  constructor(send: SendBatch) {
    this.#send = send;
  }

  push(commit: EncodedCommit): Promise<void> {
    if (this.#closed) {
      return Promise.reject(new AppError("STORE_UNAVAILABLE", "cannot commit: the store is closed"));
    }
    const settled = Promise.withResolvers<void>();
    this.#pending.push({ commit, settled });
    // Put off by a microtask, so that what is committed in one go is one batch.
    this.#pumping ??= Promise.resolve().then(() => this.#pump());
    return settled.promise;
  }

  /** Takes no more commits; resolves when those taken are settled. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.#pumping;
  }

  async #pump(): Promise<void> {
    while (this.#pending.length > 0) await this.#sendBatch(this.#takeBatch());
    this.#pumping = undefined;
  }

  async #sendBatch(batch: readonly PendingCommit[]): Promise<void> {
    try {
      const failures = await this.#send(batch.map(({ commit }) => commit.writes));
      for (const { index, error } of failures) batch[index]?.settled.reject(unpackError(error));
      // What is rejected already stays so.
      for (const { settled } of batch) settled.resolve();
    } catch (error) {
      for (const { settled } of batch) settled.reject(error);
    }
  }

  /** The oldest commits that fit into a batch, but at least one. */
  #takeBatch(): readonly PendingCommit[] {
    let bytes = 0;
    let count = 0;
    for (const { commit } of this.#pending) {
      bytes += commit.bytes;
      if (count === maxBatchCommits || (count > 0 && bytes > maxBatchBytes)) break;
      count++;
    }
    return this.#pending.splice(0, count);
  }
}
