// The runs that are not over: their submission, their drivers, those that wait outside memory, and who waits for them.

import { AppError, toAppError } from "../core/app-error.ts";
import type { InboundRequest, WebhookResponse } from "../core/inbound-request.ts";
import { isFinal } from "../core/run.ts";
import type { KeptRun, NewRun, UnfinishedRun, Write } from "../store/store.ts";
import { awaitStore } from "./await-store.ts";
import { Dispatcher, type QueuedRun } from "./dispatcher.ts";
import { failBeforeBegin } from "./fail-before-begin.ts";
import { findPinned, type Versions } from "./find-pinned.ts";
import { type EarlierRun, RunDriver } from "./run-driver.ts";
import { cancelledEnd } from "./run-end.ts";
import { RunListeners } from "./run-listeners.ts";
import type { PinnedVersion, RunParts } from "./run-parts.ts";
import type { WaitAnswer } from "./wait-call.ts";
import { toGuestRequest } from "./to-guest-request.ts";
import { answerParked } from "./answer-parked.ts";
import { WakeClock } from "./wake-clock.ts";

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
  readonly #versions: Versions;
  readonly #dispatcher: Dispatcher;
  readonly #wakeClock: WakeClock;
  readonly #live = new Map<string, RunDriver>();
  /** Queued, live, or about to be: runs that this process has in hand. */
  readonly #inHand = new Set<string>();
  /** Of those, the ones that an earlier life has begun or that have waited. */
  readonly #begun = new Set<string>();
  readonly #listeners = new RunListeners();
  /** Cancelled while what they begin with was being loaded, with the reason. */
  readonly #cancelAtBegin = new Map<string, string>();
  /** What is done to runs outside memory, one thing after the other for each. */
  readonly #turns = new Map<string, Promise<unknown>>();
  #abandoned = false;

  constructor(parts: RunParts, versions: Versions, maxConcurrentRuns: number) {
    this.#parts = parts;
    this.#versions = versions;
    this.#dispatcher = new Dispatcher(maxConcurrentRuns);
    this.#wakeClock = new WakeClock({
      clock: parts.clock,
      store: parts.store,
      isInHand: (id) => this.#inHand.has(id),
      wake: (id) => void this.wake(id),
    });
  }

  /**
   * Records a run and lets it begin; resolves when it is durable.
   * It may begin before that: whatever it does takes effect only after its own records, which follow this one on disk.
   * @throws {AppError} STORE_UNAVAILABLE when it could not be recorded: nothing of it is left.
   */
  async submit(submission: Submission): Promise<void> {
    const { run, version, onResponse } = submission;
    const recorded = this.#parts.store.commit([...submission.writes, { type: "run.create", run }]);
    let kept = submission.request;
    this.#enqueue(run, version.config.concurrencyLimit, async () => {
      let request = kept;
      if (request === null && run.inboundId !== null) {
        await recorded.catch(() => undefined);
        request = await this.#loadRequest(run.inboundId);
      }
      return { run, version, request, onResponse, earlier: null };
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

  /** Lets a run begin that is on record already. */
  take(run: NewRun, version: PinnedVersion): void {
    const beginning = { run, version, request: null, onResponse: undefined, earlier: null };
    this.#enqueue(run, version.config.concurrencyLimit, async () => await Promise.resolve(beginning));
  }

  /** Goes on with a run that an earlier life of the server left unfinished, when its turn comes. */
  recover(
    { id, pipeline, status }: Pick<UnfinishedRun, "id" | "pipeline" | "status">,
    limit: number | undefined,
  ): void {
    if (status === "running") this.#begun.add(id);
    this.#enqueue({ id, pipeline }, limit, async () => await this.#loadEarlier(id));
  }

  /** Lets waiting runs go on when their time comes; called once those of an earlier life are queued. */
  startWaking(): void {
    this.#wakeClock.start();
  }

  /** Brings a run back that waits outside memory. */
  async wake(id: string): Promise<void> {
    if (this.#inHand.has(id) || this.#abandoned) return;
    this.#inHand.add(id);
    this.#begun.add(id);
    try {
      const kept = await this.#read(async () => await this.#parts.store.runs.findKept(id));
      if (kept === undefined || isFinal(kept.status)) {
        this.#forget(id);
        return;
      }
      // What keeps it from going on is told when its turn comes.
      const version = await findPinned(this.#parts.store, this.#versions, kept).catch(() => null);
      await this.#cancelOverdue(kept, version);
      this.#enqueue(kept.run, version?.config.concurrencyLimit, async () => await this.#loadEarlier(id));
    } catch (thrown) {
      this.#forget(id);
      this.#parts.logger.error("a waiting run could not be brought back", {
        run: id,
        reason: toAppError(thrown).message,
      });
    }
  }

  /**
   * Gives a waiting run its news, all at once; resolves when that is durable. False where none of the calls waits any more.
   * @throws {AppError} STORE_UNAVAILABLE.
   */
  async answerWait(id: string, answers: readonly WaitAnswer[]): Promise<boolean> {
    return await this.#inTurn(id, async () => {
      const driver = this.#live.get(id);
      if (driver !== undefined) return await driver.answerWait(answers);
      const isAnswered = await answerParked(this.#parts, id, answers);
      if (isAnswered) void this.wake(id);
      return isAnswered;
    });
  }

  /** A run over its time that waits for another one: that one may have the last place there is. */
  async #cancelOverdue({ run, startedAt }: KeptRun, version: PinnedVersion | null): Promise<void> {
    const { clock, children } = this.#parts;
    const timeoutMs = version?.config.timeoutMs;
    if (timeoutMs === undefined || startedAt === null || startedAt + timeoutMs > clock.now()) return;
    await children.cancelAwaited(run.id, `run ${run.id}, which waited for it, is over its time`);
  }

  findLive(id: string): RunDriver | undefined {
    return this.#live.get(id);
  }

  /** The server stops: nothing more is done to runs. */
  get stopped(): boolean {
    return this.#abandoned;
  }

  /** Calls back once, when the run comes into memory or ends; the returned function takes that back. */
  onChange(id: string, callback: () => void): () => void {
    return this.#listeners.add(id, "change", callback);
  }

  /** Calls back once, when the run has ended or the server stops; the returned function takes that back. */
  onEnd(id: string, callback: () => void): () => void {
    if (this.#abandoned) callback();
    return this.#listeners.add(id, "end", callback);
  }

  /** @throws {AppError} RUN_ALREADY_ENDED, STORE_UNAVAILABLE. */
  async cancel(id: string, reason: string): Promise<void> {
    const queued = this.#begun.has(id) ? undefined : this.#dispatcher.withdraw(id);
    if (queued !== undefined) {
      await this.#cancelQueued(queued, reason);
      return;
    }
    await this.#inTurn(id, async () => {
      const driver = this.#live.get(id);
      if (driver !== undefined) driver.cancel(reason);
      else if (this.#inHand.has(id) && !this.#begun.has(id)) this.#cancelAtBegin.set(id, reason);
      else await this.#cancelParked(id, reason);
    });
  }

  async #cancelParked(id: string, reason: string): Promise<void> {
    const { store, clock, children } = this.#parts;
    const cancel = { code: "RUN_CANCELLED", message: reason, at: clock.now() } as const;
    // It is woken also where this process ends before it has brought the run back.
    await store.commit([
      { type: "run.cancel", id, cancel },
      { type: "run.wake", id, at: cancel.at },
    ]);
    await children.cancelAwaited(id, `run ${id}, which waited for it, was cancelled`);
    void this.wake(id);
  }

  async #cancelQueued(queued: QueuedRun, reason: string): Promise<void> {
    try {
      await this.#recordCancelled(queued.id, reason);
    } catch (thrown) {
      this.#dispatcher.submit(queued);
      throw thrown;
    }
  }

  /** The end of a run that had not begun. */
  async #recordCancelled(id: string, reason: string): Promise<void> {
    const { store, clock } = this.#parts;
    await store.commit([{ type: "run.finish", id, ...cancelledEnd(reason), at: clock.now() }]);
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
    this.#wakeClock.stop();
    await Promise.all([...this.#live.values()].map((driver) => driver.abandon()));
    this.#listeners.callAll();
  }

  #enqueue(run: Pick<NewRun, "id" | "pipeline">, limit: number | undefined, load: () => Promise<Beginning>): void {
    this.#inHand.add(run.id);
    const { id, pipeline } = run;
    this.#dispatcher.submit({ id, pipeline, limit, begin: () => void this.#begin(id, pipeline, load) });
  }

  async #begin(id: string, pipeline: string, load: () => Promise<Beginning>): Promise<void> {
    try {
      // What is done to a run outside memory is done before it comes into memory, or not at all.
      await this.#inTurn(id, async () => {
        const beginning = await load();
        if (!this.#inHand.has(id) || this.#abandoned) return;
        const cancelReason = this.#cancelAtBegin.get(id);
        if (cancelReason === undefined) this.#open(beginning);
        else await this.#recordCancelled(id, cancelReason);
      });
      if (!this.#live.has(id)) this.#dispatcher.release(pipeline);
    } catch (thrown) {
      await failBeforeBegin(this.#parts, id, toAppError(thrown), () => this.#abandoned);
      this.#dispatcher.release(pipeline);
      this.#ended(id);
    }
  }

  #open({ run, version, request, onResponse, earlier }: Beginning): void {
    const driver = new RunDriver({
      parts: this.#parts,
      run,
      version,
      request: request === null ? null : toGuestRequest(request),
      onResponse: (response) => onResponse?.(response),
      onWait: (wakeAt) => this.#driverWaits(run, wakeAt),
      onEnd: () => this.#driverEnded(run),
    });
    this.#live.set(run.id, driver);
    if (earlier === null) driver.start();
    else driver.resume(earlier);
    this.#listeners.call(run.id, "change");
  }

  /** A run as an earlier life left it. @throws {AppError} what keeps it from going on. */
  async #loadEarlier(id: string): Promise<Beginning> {
    const { store } = this.#parts;
    return await this.#read(async () => {
      const kept = await store.runs.findKept(id);
      if (kept === undefined || isFinal(kept.status)) {
        throw new AppError("RUN_ALREADY_ENDED", `run ${id} has already ended`);
      }
      const version = await findPinned(store, this.#versions, kept);
      const request = kept.run.inboundId === null ? null : await this.#loadRequest(kept.run.inboundId);
      const earlier = { ...kept, lastSeq: await store.logs.lastSeq(id) };
      return { run: kept.run, version, request, onResponse: undefined, earlier };
    });
  }

  async #loadRequest(inboundId: string): Promise<InboundRequest | null> {
    const record = await this.#read(async () => await this.#parts.store.inbound.find(inboundId));
    return record?.request ?? null;
  }

  async #read<T>(load: () => Promise<T>): Promise<T> {
    return await awaitStore(this.#parts.clock, load, () => this.#abandoned);
  }

  #driverWaits(run: NewRun, wakeAt: number | null): void {
    if (!this.#live.delete(run.id)) return;
    this.#dispatcher.release(run.pipeline);
    this.#forget(run.id);
    if (wakeAt !== null) this.#wakeClock.expect(wakeAt);
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
    this.#forget(id);
    this.#parts.stepSlots.giveUp(id);
    this.#listeners.call(id, "end");
  }

  #forget(id: string): void {
    this.#inHand.delete(id);
    this.#begun.delete(id);
    this.#cancelAtBegin.delete(id);
    this.#wakeClock.poke();
  }

  /** Does something to a run when what was begun before that is done. */
  async #inTurn<T>(id: string, work: () => Promise<T>): Promise<T> {
    const before = this.#turns.get(id) ?? Promise.resolve();
    const turn = before.then(work, work);
    this.#turns.set(id, turn);
    try {
      return await turn;
    } finally {
      if (this.#turns.get(id) === turn) this.#turns.delete(id);
    }
  }
}

/** What a driver is made of. */
interface Beginning extends Pick<Submission, "run" | "version" | "request"> {
  readonly onResponse: Submission["onResponse"] | undefined;
  /** Null where nothing of the run has been done yet. */
  readonly earlier: EarlierRun | null;
}
