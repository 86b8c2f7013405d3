// The runs that are not over: their submission, their drivers, and those who wait for their end.

import { AppError, toAppError } from "../core/app-error.ts";
import type { InboundRequest, WebhookResponse } from "../core/inbound-request.ts";
import type { GuestRequest } from "../sandbox/sandbox.ts";
import type { NewRun, Write } from "../store/store.ts";
import { awaitStore } from "./await-store.ts";
import { Dispatcher, type QueuedRun } from "./dispatcher.ts";
import { RunDriver } from "./run-driver.ts";
import { cancelledEnd, plainError } from "./run-end.ts";
import type { PinnedVersion, RunParts } from "./run-parts.ts";

/** A run as it comes in. */
export interface Submission {
  readonly run: NewRun;
  readonly version: PinnedVersion;
  readonly request: InboundRequest | null;
  /** Recorded in the same transaction as the run. */
  readonly writes: readonly Write[];
  readonly onResponse?: (response: WebhookResponse) => void;
}

export class RunRegistry {
  readonly #parts: RunParts;
  readonly #dispatcher: Dispatcher;
  readonly #live = new Map<string, RunDriver>();
  /** Queued or live, by id → those who wait for the end. */
  readonly #unfinished = new Map<string, Set<() => void>>();
  /** Cancelled while their request was being loaded, with the reason. */
  readonly #cancelAtBegin = new Map<string, string>();
  #abandoned = false;

  constructor(parts: RunParts, maxConcurrentRuns: number) {
    this.#parts = parts;
    this.#dispatcher = new Dispatcher(maxConcurrentRuns);
  }

  /**
   * Records a run and lets it begin; resolves when it is durable.
   * It may begin before that: whatever it does takes effect only after its own records, which follow this one on disk.
   * @throws {AppError} STORE_UNAVAILABLE when it could not be recorded: nothing of it is left.
   */
  async submit(submission: Submission): Promise<void> {
    const { run } = submission;
    this.#unfinished.set(run.id, new Set());
    const recorded = this.#parts.store.commit([...submission.writes, { type: "run.create", run }]);
    let kept = submission.request;
    this.#enqueue(run, submission.version, submission.onResponse, async () => {
      if (kept !== null) return kept;
      await recorded.catch(() => undefined);
      return await this.#loadRequest(run.inboundId);
    });
    // A run that has to wait lets go of its request: ten thousand of them would fill the memory.
    kept = null;
    try {
      await recorded;
    } catch (thrown) {
      this.#drop(run);
      throw thrown;
    }
  }

  /** Takes a run up again that was recorded, but had not begun when the server ended. */
  resume(run: NewRun, version: PinnedVersion): void {
    this.#unfinished.set(run.id, new Set());
    this.#enqueue(run, version, undefined, () => this.#loadRequest(run.inboundId));
  }

  findLive(id: string): RunDriver | undefined {
    return this.#live.get(id);
  }

  isUnfinished(id: string): boolean {
    return this.#unfinished.has(id);
  }

  /** Calls back when the run has ended, at once if it has; the returned function takes that back. */
  onEnd(id: string, callback: () => void): () => void {
    const waiting = this.#unfinished.get(id);
    if (waiting === undefined) {
      callback();
      return () => {};
    }
    waiting.add(callback);
    return () => waiting.delete(callback);
  }

  /** @throws {AppError} RUN_ALREADY_ENDED. */
  async cancel(id: string, reason: string): Promise<void> {
    const queued = this.#dispatcher.withdraw(id);
    if (queued !== undefined) {
      await this.#cancelQueued(queued, reason);
      return;
    }
    const driver = this.#live.get(id);
    if (driver !== undefined) driver.cancel(reason);
    else if (this.#unfinished.has(id)) this.#cancelAtBegin.set(id, reason);
    else throw new AppError("RUN_ALREADY_ENDED", `run ${id} has already ended`);
  }

  async #cancelQueued(queued: QueuedRun, reason: string): Promise<void> {
    const { id } = queued;
    try {
      const end = cancelledEnd(reason);
      await this.#parts.store.commit([{ type: "run.finish", id, ...end, at: this.#parts.clock.now() }]);
    } catch (thrown) {
      this.#dispatcher.submit(queued);
      throw thrown;
    }
    this.#ended(id);
  }

  async cancelAll(reason: string): Promise<void> {
    const ends = [...this.#live.keys()].map((id) => new Promise<void>((resolve) => this.onEnd(id, resolve)));
    for (const driver of this.#live.values()) driver.cancel(reason);
    await Promise.all(ends);
  }

  /** Lets go of every run; what was recorded stays. */
  async abandonAll(): Promise<void> {
    this.#abandoned = true;
    this.#dispatcher.stop();
    await Promise.all([...this.#live.values()].map((driver) => driver.abandon()));
    for (const waiting of this.#unfinished.values()) for (const callback of waiting) callback();
  }

  #enqueue(
    run: NewRun,
    version: PinnedVersion,
    onResponse: Submission["onResponse"],
    loadRequest: () => Promise<InboundRequest | null>,
  ): void {
    this.#dispatcher.submit({
      id: run.id,
      pipeline: run.pipeline,
      limit: version.config.concurrencyLimit,
      begin: () => void this.#begin(run, version, onResponse, loadRequest),
    });
  }

  async #begin(
    run: NewRun,
    version: PinnedVersion,
    onResponse: Submission["onResponse"],
    loadRequest: () => Promise<InboundRequest | null>,
  ): Promise<void> {
    try {
      const request = await loadRequest();
      if (!this.#unfinished.has(run.id)) {
        this.#dispatcher.release(run.pipeline);
        return;
      }
      const driver = new RunDriver({
        parts: this.#parts,
        run,
        version,
        request: request === null ? null : toGuestRequest(request),
        onResponse: (response) => onResponse?.(response),
        onEnd: () => this.#driverEnded(run),
      });
      this.#live.set(run.id, driver);
      driver.start();
      const cancelReason = this.#cancelAtBegin.get(run.id);
      if (cancelReason !== undefined) driver.cancel(cancelReason);
    } catch (thrown) {
      await this.#failAtBegin(run, toAppError(thrown));
      this.#dispatcher.release(run.pipeline);
      this.#ended(run.id);
    }
  }

  async #failAtBegin(run: NewRun, cause: AppError): Promise<void> {
    const { store, clock, logger } = this.#parts;
    const error = plainError("INTERNAL", `the run could not begin: ${cause.message}`);
    const end = { status: "failed", result: null, error, at: clock.now() } as const;
    const commit = (): Promise<void> => store.commit([{ type: "run.finish", id: run.id, ...end }]);
    await awaitStore(clock, commit, () => this.#abandoned).catch((thrown: unknown) => {
      logger.error("a run could not begin, nor could that be recorded", { run: run.id, reason: String(thrown) });
    });
  }

  async #loadRequest(inboundId: string | null): Promise<InboundRequest | null> {
    if (inboundId === null) return null;
    const { store, clock } = this.#parts;
    const record = await awaitStore(
      clock,
      () => store.inbound.find(inboundId),
      () => this.#abandoned,
    );
    return record?.request ?? null;
  }

  #driverEnded(run: NewRun): void {
    // A run that was dropped meanwhile has given its place back already.
    if (!this.#live.delete(run.id)) return;
    this.#dispatcher.release(run.pipeline);
    this.#ended(run.id);
  }

  #drop(run: NewRun): void {
    this.#dispatcher.withdraw(run.id);
    const driver = this.#live.get(run.id);
    if (driver !== undefined) {
      this.#live.delete(run.id);
      void driver.abandon();
      this.#dispatcher.release(run.pipeline);
    }
    this.#ended(run.id);
  }

  #ended(id: string): void {
    const waiting = this.#unfinished.get(id);
    this.#unfinished.delete(id);
    this.#cancelAtBegin.delete(id);
    for (const callback of waiting ?? []) callback();
  }
}

function toGuestRequest(request: InboundRequest): GuestRequest {
  return { ...request, body: new TextDecoder().decode(request.body) };
}
