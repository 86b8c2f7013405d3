// One live run: records what its guest does, has done what it asks for, and brings it to its end.

import { type AppError, toAppError } from "../core/app-error.ts";
import type { WebhookResponse } from "../core/inbound-request.ts";
import type { FinalRunStatus } from "../core/run.ts";
import type { Answer, GuestCall, GuestRequest, GuestTurn } from "../sandbox/sandbox.ts";
import type { CancelRequest, KeptRun, NewRun, Write } from "../store/store.ts";
import { loadEarlierLife } from "./load-earlier-life.ts";
import { cancelDelivery, GuestSession } from "./guest-session.ts";
import { HostCalls } from "./host-calls.ts";
import { findCancel, JournalView } from "./journal-view.ts";
import { describeEnd, endOfCancel, endOfGuest, failedEnd, type RunEnd } from "./run-end.ts";
import { RunDeadline } from "./run-deadline.ts";
import { type LogLine, RunLog } from "./run-log.ts";
import { maskEnd } from "./mask-secrets.ts";
import { isLogShared, type PinnedVersion, type RunParts } from "./run-parts.ts";
import { RunRecorder } from "./run-recorder.ts";
import { tidyRun } from "./tidy-run.ts";
import { recordLoss } from "./record-loss.ts";
import { leastWaitMs } from "./timer-terms.ts";
import type { WaitAnswer } from "./wait-call.ts";
import { findWakeTime } from "./wake-time.ts";

export interface RunDriverOptions {
  readonly parts: RunParts;
  readonly run: NewRun;
  readonly version: PinnedVersion;
  readonly request: GuestRequest | null;
  /** Called at most once, when the script's response is durable. */
  readonly onResponse: (response: WebhookResponse) => void;
  /** Called once, when it is durable that the run waits for this time, or for news alone: the driver is of no use any more. */
  readonly onWait: (wakeAt: number | null) => void;
  /** Called once, when the end is durable. */
  readonly onEnd: (status: FinalRunStatus) => void;
}

export type EarlierRun = Pick<KeptRun, "startedAt" | "status" | "cancel"> & { readonly lastSeq: number };

const noteStartAfterMs = 50;
const abandonAfterMs = 2000;

export class RunDriver {
  readonly log: RunLog;
  readonly #options: RunDriverOptions;
  readonly #recorder: RunRecorder;
  readonly #journal = new JournalView();
  readonly #guest: GuestSession;
  readonly #calls: HostCalls;
  readonly #deadline: RunDeadline;
  #started = false;
  /** Set when `pipeline` has returned, while steps it did not wait for still run. */
  #returned: RunEnd | null = null;
  /** Why the run is to end; until it has, its script may tidy up. */
  #cancel: CancelRequest | null = null;
  #end: RunEnd | null = null;
  #endRecorded = false;
  /** What an earlier life has begun is not taken up yet. */
  #takingUp = false;
  /** Settled when it is, or when the run needs it no more. */
  readonly #takenUp = Promise.withResolvers<void>();
  /** It is being recorded that the run waits. */
  #goesToWait = false;
  #stopStartNote: (() => void) | null = null;
  #stopIdleClock: (() => void) | null = null;
  #abandoned = false;
  /** Nobody waits for the run's end in this process. */
  #letGo = false;

  constructor(options: RunDriverOptions) {
    this.#options = options;
    const { parts, run, version, request, onResponse } = options;
    const maskText = (text: string): string => parts.redactor.text(text);
    const log = new RunLog(maskText);
    this.log = log;
    const events = {
      onRetry: (error: AppError) =>
        // The store itself tells of its trouble, once; there may be thousands of runs.
        parts.logger.debug("a run could not be recorded; trying again", { run: run.id, reason: error.message }),
      onLost: (error: AppError) => void this.#endUnrecorded(error),
    };
    const recorder = new RunRecorder(parts.store, parts.clock, events, maskText);
    const journal = this.#journal;
    this.#recorder = recorder;
    const guest = new GuestSession({
      parts,
      run,
      version,
      request,
      journal,
      settled: async () => {
        await this.#calls.asked.answered();
        await recorder.settled();
      },
      findCancel: () => this.#cancel,
      onTurn: (turn, afterSeq) => this.#takeTurn(turn, afterSeq),
      onAsk: async (call, afterSeq) => await this.#answer(call, afterSeq),
      onLoaded: (loaded) => this.#calls.restore(loaded),
      onCaughtUp: () => void this.#takeUp(),
      onFailed: (end) => this.#finish(end),
    });
    this.#guest = guest;
    this.#calls = new HostCalls({
      parts,
      run,
      bundle: version.bundle,
      isLogShared: isLogShared(run, version.config),
      log,
      journal,
      recorder,
      onResponse,
      wake: () => this.#wake(),
      hand: async (seq, delivery) => await guest.hand(seq, delivery),
      onResult: () => this.#afterResult(),
    });
    this.#deadline = new RunDeadline(parts.clock, version.config.timeoutMs, {
      onTimeout: (request_) => this.askToEnd(request_),
      onGraceOver: () => this.#finishCancelled(),
    });
  }

  start(): void {
    this.#takenUp.resolve();
    this.#deadline.start(this.#options.parts.clock.now());
    // Recorded with what the first turn does, unless that takes long enough for somebody to wonder.
    this.#stopStartNote = this.#options.parts.clock.after(noteStartAfterMs, () => {
      if (this.#end === null && !this.#abandoned && !this.#started) this.#recorder.record(this.#noteStart());
    });
    this.#guest.start();
  }

  /** Goes on with a run that an earlier life began, or that has waited. */
  resume({ startedAt, status, cancel, lastSeq }: EarlierRun): void {
    this.log.startAfter(lastSeq);
    this.#started = status === "running";
    this.#cancel = cancel;
    this.#takingUp = true;
    this.#calls.holdBack();
    this.#guest.resume();
    if (cancel !== null) this.#deadline.startGrace();
    else this.#deadline.start(startedAt ?? this.#options.parts.clock.now());
  }

  /** Asks the run to end: its script may tidy up for a while, unless it is asked a second time. */
  cancel(message: string): void {
    if (this.#cancel !== null) this.#finishCancelled();
    else this.askToEnd({ code: "RUN_CANCELLED", message, at: this.#options.parts.clock.now() });
  }

  /** Ends waits of the script with news, all at once; resolves when that is durable. False where none waits any more. */
  async answerWait(answers: readonly WaitAnswer[]): Promise<boolean> {
    await this.#takenUp.promise;
    if (this.#end !== null || this.#abandoned) return false;
    const taken = answers.filter((answer) => this.#calls.answerWait(answer));
    return taken.length > 0 && (await this.#recorder.recorded());
  }

  /** Lets go of the run without an end: the server stops, or the run was never recorded. Steps live on. */
  async abandon(): Promise<void> {
    this.#letGo = true;
    this.#leave();
    // A disk that fails must not hold up the end of the server.
    await this.#recorder.stopWithin(abandonAfterMs);
    this.log.end();
  }

  get #bundle(): PinnedVersion["bundle"] {
    return this.#options.version.bundle;
  }

  /** Takes up what an earlier life has begun: the script has come as far as that, or the run is over, and that with it. */
  async #takeUp(): Promise<void> {
    try {
      const { run, parts } = this.#options;
      const { journal, steps } = await loadEarlierLife(parts, run.id, () => this.#abandoned);
      if (this.#abandoned) return;
      await this.#calls.resume(journal, steps);
      this.#takingUp = false;
      if (this.#end !== null) {
        this.#calls.stop();
        this.#recordEnd();
        return;
      }
      // Asked for while the run was not in memory.
      if (this.#cancel !== null && findCancel(journal.deliveries) === undefined) this.#deliverCancel(this.#cancel, []);
      this.#afterResult();
    } catch (thrown) {
      this.#takingUp = false;
      this.#finish(failedEnd("INTERNAL", `the run could not go on: ${toAppError(thrown).message}`, this.#bundle));
      this.#recordEnd();
    } finally {
      this.#takenUp.resolve();
    }
  }

  #takeTurn(turn: GuestTurn, afterSeq: number): void {
    if (this.#end !== null) return;
    this.#stopIdleClock?.();
    this.#stopIdleClock = null;
    const writes: Write[] = [...this.#noteStart()];
    const effects: (() => void)[] = [];
    if (turn.observed !== null) writes.push(this.#journal.observe(this.#options.run.id, turn.observed, afterSeq));
    for (const { number: _, ...line } of turn.console) this.#note({ source: "console", ...line }, writes, effects);
    for (const call of turn.calls) {
      if (!this.#journal.has(call.number)) this.#calls.take(call, afterSeq, writes, effects);
      else if (!this.#checkRepeated(call)) return;
    }
    if (turn.end?.type === "returned") this.#returned = endOfGuest(turn.end, this.#bundle);
    const failed = turn.end !== null && turn.end.type !== "returned" ? endOfGuest(turn.end, this.#bundle) : null;
    if (writes.length > 0) this.#recorder.record(writes, () => effects.forEach((effect) => effect()));
    const end = failed ?? this.#endIfDone();
    if (end !== null) this.#finish(end);
    else this.#rest();
  }

  async #answer(call: GuestCall, afterSeq: number): Promise<Answer> {
    if (this.#journal.has(call.number)) {
      if (!this.#checkRepeated(call)) return { ok: false, error: { code: "NONDETERMINISTIC", message: "" } };
      const recorded = this.#journal.recordedOutcome(call.number);
      if (recorded !== undefined) return recorded;
    }
    return await this.#calls.asked.answer(call, afterSeq);
  }

  /** False where the call differs from the recorded one: the run is over. */
  #checkRepeated(call: GuestCall): boolean {
    const difference = this.#journal.difference(call);
    if (difference !== null) this.#finish(failedEnd("NONDETERMINISTIC", difference, this.#bundle, call.stack));
    return difference === null;
  }

  /** The end of a script that has returned and waits for no step, or that waits for what never comes. */
  #endIfDone(): RunEnd | null {
    if (this.#guest.busy || this.#takingUp || this.#calls.delivering) return null;
    if (this.#returned !== null) return this.#calls.goesOn ? null : this.#returned;
    if (this.#journal.open > 0) return null;
    return failedEnd("NEVER_SETTLES", "the script waits for something that can never happen", this.#bundle);
  }

  #afterResult(): void {
    this.#recordEnd();
    if (this.#end !== null || this.#abandoned) return;
    const end = this.#endIfDone();
    if (end !== null) this.#finish(end);
    else this.#rest();
  }

  /** Nothing is to be done for now: a run that only waits leaves memory, the script of another one does after a while. */
  #rest(): void {
    const { clock } = this.#options.parts;
    if (this.#guest.busy || this.#takingUp || this.#calls.delivering || this.#abandoned || this.#goesToWait) return;
    const wakeAt = this.#wakeAt();
    if (wakeAt !== undefined) {
      this.#goToWait(wakeAt);
      return;
    }
    this.#stopIdleClock ??= clock.after(leastWaitMs, () => {
      this.#stopIdleClock = null;
      if (!this.#calls.delivering) this.#guest.suspend();
    });
  }

  /** When the run goes on without news; undefined where it cannot leave memory. */
  #wakeAt(): number | null | undefined {
    if (this.#cancel !== null || this.#returned !== null) return undefined;
    return findWakeTime(this.#calls, this.#journal, this.#deadline.at, this.#options.parts.clock.now());
  }

  #goToWait(wakeAt: number | null): void {
    this.#goesToWait = true;
    const { run, parts } = this.#options;
    this.#recorder.record([{ type: "run.wait", id: run.id, wakeAt, at: parts.clock.now() }], () => {
      this.#goesToWait = false;
      if (this.#end !== null || this.#abandoned) return;
      if (!this.#guest.busy && !this.#calls.delivering && this.#wakeAt() === wakeAt) {
        this.#leave();
        this.#recorder.stop();
        this.log.end();
        this.#options.onWait(wakeAt);
        return;
      }
      // Something has come meanwhile.
      this.#started = false;
      this.#recorder.record(this.#noteStart(), () => this.#afterResult());
    });
  }

  /** It may be all that is left of this process that the run waits, and what has come meanwhile. */
  #wake(): readonly Write[] {
    const { run, parts } = this.#options;
    return this.#goesToWait ? [{ type: "run.wake", id: run.id, at: parts.clock.now() }] : [];
  }

  #leave(): void {
    this.#abandoned = true;
    this.#deadline.stop();
    this.#stopIdleClock?.();
    this.#stopStartNote?.();
    this.#guest.close();
    this.#calls.abandon();
    this.#takenUp.resolve();
  }

  /** Asks the run to end, once: its script may tidy up for a while. */
  askToEnd(cancel: CancelRequest): void {
    if (this.#end !== null || this.#abandoned || this.#cancel !== null) return;
    this.#cancel = cancel;
    this.#deadline.startGrace();
    if (this.#returned !== null) {
      this.#finishCancelled();
      return;
    }
    const write = { type: "run.cancel", id: this.#options.run.id, cancel } as const;
    // What an earlier life has begun is taken up first, to be ended.
    if (this.#takingUp) this.#recorder.record([write]);
    else this.#deliverCancel(cancel, [write]);
  }

  #deliverCancel(cancel: CancelRequest, writes: readonly Write[]): void {
    const seq = this.#journal.nextDelivery();
    const delivery = { seq, type: "cancel" } as const;
    const deliver: Write = { type: "journal.deliver", runId: this.#options.run.id, delivery };
    this.#recorder.record([...this.#wake(), ...this.#noteStart(), ...writes, deliver], () => {
      if (this.#end !== null) return;
      this.#calls.cancelOpen(seq);
      void this.#guest.hand(seq, cancelDelivery(cancel));
    });
  }

  #finishCancelled(): void {
    if (this.#cancel !== null) this.#finish(endOfCancel(this.#cancel));
  }

  #finish(given: RunEnd): void {
    if (this.#end !== null || this.#abandoned) return;
    // However the script took it: a run that was asked to end ended for that reason.
    this.#end = maskEnd(this.#options.parts.redactor, this.#cancel === null ? given : endOfCancel(this.#cancel));
    this.#deadline.stop();
    this.#stopIdleClock?.();
    const isTakenUp = !this.#guest.resuming;
    this.#guest.close();
    this.#calls.stop();
    if (isTakenUp) this.#recordEnd();
    else void this.#takeUp();
  }

  /** Records the end once no step of the run is left. */
  #recordEnd(): void {
    const end = this.#end;
    if (end === null || this.#takingUp || this.#calls.ongoing > 0 || this.#endRecorded) return;
    this.#endRecorded = true;
    const writes: Write[] = [...this.#noteStart()];
    const effects: (() => void)[] = [];
    const at = this.#options.parts.clock.now();
    const { size: afterCall } = this.#journal;
    const line = { at, source: "system", level: "error", text: describeEnd(end), afterCall } as const;
    if (end.error !== null) this.#note(line, writes, effects);
    const recorded = this.#options.parts.followers.endRun(this.#options.run, end, at);
    writes.push(...this.#calls.close(this.#cancel !== null), ...recorded.writes);
    this.#recorder.record(writes, () => {
      for (const effect of effects) effect();
      this.log.end();
      this.#options.onEnd(end.status);
      recorded.begin();
      void tidyRun(this.#options.parts, this.#options.run.id);
    });
  }

  /** The store refuses what the run did, which no retry changes: the run ends with what is recorded so far. */
  async #endUnrecorded(cause: AppError): Promise<void> {
    if (this.#abandoned) return;
    const { parts, run, onEnd } = this.#options;
    parts.logger.error("a run could not be recorded and has failed", { run: run.id, reason: cause.message });
    const lost = this.#calls.lostSteps();
    this.#takenUp.resolve();
    this.#abandoned = true;
    this.#deadline.stop();
    this.#stopIdleClock?.();
    this.#guest.close();
    this.#calls.stop();
    const end = failedEnd("INTERNAL", `the run could not be recorded: ${cause.message}`, this.#bundle);
    await recordLoss(parts, run, lost, end, () => this.#letGo);
    this.log.end();
    onEnd(end.status);
  }

  #noteStart(): readonly Write[] {
    if (this.#started) return [];
    this.#started = true;
    this.#stopStartNote?.();
    return [{ type: "run.start", id: this.#options.run.id, at: this.#options.parts.clock.now() }];
  }

  #note(line: LogLine, writes: Write[], effects: (() => void)[]): void {
    const { write, show } = this.log.append(this.#options.run.id, line);
    writes.push(write);
    effects.push(show);
  }
}
