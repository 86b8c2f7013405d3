// The runs that are not over: their submission, their drivers, those that wait outside memory, and who waits for them.

import { toAppError } from "../core/app-error.ts";
import type { InboundRequest, WebhookResponse } from "../core/inbound-request.ts";
import { isFinal, type RunError } from "../core/run.ts";
import type { CancelRequest, KeptRun, KeyHolder, NewRun, UnfinishedRun, Write } from "../store/store.ts";
import { awaitStore } from "./await-store.ts";
import { Dispatcher, type DispatcherLimits, type QueuedRun } from "./dispatcher.ts";
import { failBeforeBegin } from "./fail-before-begin.ts";
import { findPinned, type Versions } from "./find-pinned.ts";
import type { EndingRun } from "./followers.ts";
import { type Beginning, BeginningLoader } from "./load-beginning.ts";
import type { PipelinePauses } from "./pipeline-pauses.ts";
import { findQueuePlace } from "./queue-place.ts";
import { RepeatedWarnings } from "./repeated-warnings.ts";
import { RunAdmission } from "./run-admission.ts";
import { RunDriver } from "./run-driver.ts";
import { cancelledEnd } from "./run-end.ts";
import { RunListeners } from "./run-listeners.ts";
import type { PinnedVersion, RunParts } from "./run-parts.ts";
import type { WaitAnswer } from "./wait-call.ts";
import { toGuestRequest } from "./to-guest-request.ts";
import { answerParked } from "./answer-parked.ts";
import { TurnsByRun } from "./turns-by-run.ts";
import { WakeClock } from "./wake-clock.ts";

/** A run as it comes in. */
export interface Submission {
  readonly run: NewRun;
  readonly version: PinnedVersion;
  readonly request: InboundRequest | null;
  /** Recorded in the same transaction as the run, behind it. */
  readonly writes: readonly Write[];
  /** These writes give it a journal of calls that it goes on with. */
  readonly hasJournal?: true;
  readonly onResponse?: (response: WebhookResponse) => void;
}

/** What of a run its place in the queue needs. */
type Enqueued = Pick<NewRun, "id" | "pipeline" | "priority" | "concurrencyKey" | "depth">;

export interface RunRegistryOptions {
  readonly parts: RunParts;
  readonly versions: Versions;
  readonly pauses: Pick<PipelinePauses, "check">;
  readonly limits: DispatcherLimits;
}

export class RunRegistry {
  readonly #parts: RunParts;
  readonly #versions: Versions;
  readonly #pauses: RunRegistryOptions["pauses"];
  readonly #dispatcher: Dispatcher;
  readonly #admission: RunAdmission;
  readonly #loader: BeginningLoader;
  readonly #warnings: RepeatedWarnings;
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
  readonly #turns = new TurnsByRun();
  #abandoned = false;

  constructor({ parts, versions, pauses, limits }: RunRegistryOptions) {
    this.#parts = parts;
    this.#versions = versions;
    this.#pauses = pauses;
    this.#dispatcher = new Dispatcher(limits);
    this.#loader = new BeginningLoader(parts, versions, () => this.#abandoned);
    this.#warnings = new RepeatedWarnings(parts.logger, parts.clock);
    this.#admission = new RunAdmission({
      dispatcher: this.#dispatcher,
      followers: parts.followers,
      clock: parts.clock,
      onDropped: (id) => this.#ended(id),
      onReplaced: (id, cancel) => void this.#replace(id, cancel),
    });
    this.#wakeClock = new WakeClock({
      clock: parts.clock,
      store: parts.store,
      isInHand: (id) => this.#inHand.has(id),
      wake: (id) => void this.wake(id),
    });
  }

  /**
   * Records a run and lets it begin; resolves when it is durable, as one that was skipped where its pipeline wants that.
   * It may begin before that: whatever it does takes effect only after its own records, which follow this one on disk.
   * @throws {AppError} PIPELINE_PAUSED, QUEUE_FULL, STORE_UNAVAILABLE: nothing of it is left.
   */
  async submit(submission: Submission): Promise<void> {
    const { version, onResponse } = submission;
    this.#pauses.check(submission.run.pipeline);
    const run = this.place(submission.run, version, submission.request);
    const admission = this.#admission.admit(run, version.config);
    if (admission.type === "skip") {
      await this.skip({ ...submission, run }, admission.error);
      return;
    }
    const writes: Write[] = [{ type: "run.create", run }, ...submission.writes, ...admission.writes];
    const recorded = this.#parts.store.commit(writes);
    let kept = submission.request;
    this.#enqueue(run, version.config.concurrencyLimit, async () => {
      if (submission.hasJournal === true) {
        await recorded.catch(() => undefined);
        return await this.#loader.load(run.id);
      }
      let request = kept;
      if (request === null && run.inboundId !== null) {
        await recorded.catch(() => undefined);
        request = await this.#loader.loadRequest(run.inboundId);
      }
      return { run, version, request, onResponse, earlier: null };
    });
    // A run that has to wait lets go of its request: ten thousand of them would fill the memory.
    kept = null;
    try {
      await recorded;
    } catch (thrown) {
      this.#drop(run);
      admission.undo();
      throw thrown;
    }
    admission.confirm();
  }

  /** The run with its place in the queue. */
  place(run: NewRun, { config }: PinnedVersion, request: InboundRequest | null): NewRun {
    const { pipeline } = run;
    const warn = (reason: string): void =>
      this.#warnings.warn("a run has another key than meant", { pipeline, reason });
    return { ...run, ...findQueuePlace(run, config, request, warn) };
  }

  /** Records a run that never begins, and why. @throws {AppError} STORE_UNAVAILABLE. */
  async skip({ run, writes }: Pick<Submission, "run" | "writes">, error: RunError): Promise<void> {
    const { store, clock, followers } = this.#parts;
    const end = followers.endRun(run, { status: "skipped", result: null, error }, clock.now());
    await store.commit([{ type: "run.create", run }, ...writes, ...end.writes]);
    this.#ended(run.id);
    end.begin();
  }

  /** Lets a run begin that was recorded with a step or the end of another one. */
  async take(run: NewRun, version: PinnedVersion): Promise<void> {
    const { store, clock, logger, followers } = this.#parts;
    const admission = this.#admission.admitRecorded(run, version.config);
    if (admission.type === "queue") {
      const beginning = { run, version, request: null, onResponse: undefined, earlier: null };
      this.#enqueue(run, version.config.concurrencyLimit, async () => await Promise.resolve(beginning));
      // Where that cannot be recorded the run waits for the others instead of replacing them.
      if (admission.writes.length > 0) await store.commit(admission.writes).then(admission.confirm, admission.undo);
      return;
    }
    this.#inHand.add(run.id);
    const end = followers.endRun(run, { status: "skipped", result: null, error: admission.error }, clock.now());
    const record = async (): Promise<void> => await store.commit(end.writes);
    try {
      await awaitStore(clock, record, () => this.#abandoned);
    } catch (thrown) {
      logger.error("a run was skipped, which could not be recorded", { run: run.id, reason: String(thrown) });
    }
    this.#ended(run.id);
    end.begin();
  }

  /** A run of an earlier life waits and keeps its key. */
  hold({ id, concurrencyKey }: KeyHolder): void {
    this.#dispatcher.hold(id, concurrencyKey);
  }

  /** Goes on with a run that an earlier life of the server left unfinished, when its turn comes. */
  recover(run: UnfinishedRun, limit: number | undefined): void {
    if (run.status === "running") this.#begun.add(run.id);
    this.#enqueue(run, limit, async () => await this.#loader.load(run.id));
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
      const kept = await this.#loader.read(async () => await this.#parts.store.runs.findKept(id));
      if (kept === undefined || isFinal(kept.status)) {
        this.#dispatcher.release(id);
        this.#forget(id);
        return;
      }
      // What keeps it from going on is told when its turn comes.
      const version = await findPinned(this.#parts.store, this.#versions, kept).catch(() => null);
      await this.#cancelOverdue(kept, version);
      this.#enqueue(kept.run, version?.config.concurrencyLimit, async () => await this.#loader.load(id));
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
    return await this.#turns.take(id, async () => {
      const isTaken = (await this.#live.get(id)?.answerWait(answers)) === true;
      // One that has left memory meanwhile waits all the same.
      if (isTaken || this.#live.has(id)) return isTaken;
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
      await this.#cancelQueued(queued.run, queued.putBack, reason);
      return;
    }
    await this.#turns.take(id, async () => {
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

  async #cancelQueued(run: QueuedRun, putBack: () => void, reason: string): Promise<void> {
    try {
      await this.#recordCancelled(run, reason);
    } catch (thrown) {
      putBack();
      throw thrown;
    }
  }

  /** The end of a run that had not begun. */
  async #recordCancelled(run: EndingRun, reason: string): Promise<void> {
    const { store, clock, followers } = this.#parts;
    const end = followers.endRun(run, cancelledEnd(reason), clock.now());
    await store.commit(end.writes);
    this.#ended(run.id);
    end.begin();
  }

  /** A run that has begun is to end, which is recorded: another one with its key has come. */
  async #replace(id: string, cancel: CancelRequest): Promise<void> {
    await this.#turns.take(id, async () => {
      const driver = this.#live.get(id);
      if (driver !== undefined) driver.askToEnd(cancel);
      else void this.wake(id);
    });
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

  #enqueue(run: Enqueued, limit: number | undefined, load: () => Promise<Beginning>): void {
    const { id, pipeline, concurrencyKey: key, priority, depth } = run;
    this.#inHand.add(id);
    const resumed = this.#begun.has(id);
    const begin = (): void => void this.#begin(run, load);
    this.#dispatcher.submit({ id, pipeline, key, limit, priority, depth, resumed, begin });
  }

  async #begin(run: Enqueued, load: () => Promise<Beginning>): Promise<void> {
    const { id } = run;
    let isOpen = false;
    try {
      // What is done to a run outside memory is done before it comes into memory, or not at all.
      await this.#turns.take(id, async () => {
        const beginning = await load();
        if (!this.#inHand.has(id) || this.#abandoned) return;
        const cancelReason = this.#cancelAtBegin.get(id);
        if (cancelReason === undefined) this.#open(beginning);
        else await this.#recordCancelled(run, cancelReason);
        isOpen = cancelReason === undefined;
      });
      if (!isOpen) this.#dispatcher.release(id);
    } catch (thrown) {
      await failBeforeBegin(this.#parts, run, toAppError(thrown), () => this.#abandoned);
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

  #driverWaits(run: NewRun, wakeAt: number | null): void {
    if (!this.#live.delete(run.id)) return;
    this.#dispatcher.park(run.id);
    this.#forget(run.id);
    if (wakeAt !== null) this.#wakeClock.expect(wakeAt);
  }

  #driverEnded(run: NewRun): void {
    if (this.#live.delete(run.id)) this.#ended(run.id);
  }

  #drop(run: NewRun): void {
    void this.#live.get(run.id)?.abandon();
    this.#live.delete(run.id);
    this.#ended(run.id);
  }

  #ended(id: string): void {
    this.#dispatcher.release(id);
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
}
