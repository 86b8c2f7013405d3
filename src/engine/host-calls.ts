// What a script asks of its host: recorded first, done after; taken up again where an earlier life has begun it.

import type { WebhookResponse } from "../core/inbound-request.ts";
import { type GuestCall, type GuestDelivery, isTold } from "../sandbox/sandbox.ts";
import type { Bundle, CallOutcome, Journal, KeptStep, NewRun, Write } from "../store/store.ts";
import { attachContainers } from "./attach-containers.ts";
import { AskedCalls, failedOutcome } from "./asked-calls.ts";
import { Blocks, isOfBlock } from "./blocks.ts";
import { findEarlierCalls } from "./earlier-calls.ts";
import { firstWait } from "./first-wait.ts";
import type { JournalView } from "./journal-view.ts";
import { completeWrite, deliverWrite, startedWrite } from "./journal-writes.ts";
import { maskCall, maskOutcome } from "./mask-secrets.ts";
import type { KeptCall, OngoingCall, OngoingCallOptions } from "./ongoing-call.ts";
import { OpenWaits } from "./open-waits.ts";
import { isWait, isWork, openWait, openWork, type WaitCallKind, type WorkCallKind } from "./open-call.ts";
import type { RunLog } from "./run-log.ts";
import type { RunParts } from "./run-parts.ts";
import type { RunRecorder } from "./run-recorder.ts";
import type { WaitAnswer, WaitCall } from "./wait-call.ts";
import { writeJob } from "./write-job.ts";
import { isWritten, writeCall, type WrittenCallKind } from "./written-calls.ts";

export interface HostCallsOptions {
  readonly parts: RunParts;
  readonly run: NewRun;
  /** The script. */
  readonly bundle: Pick<Bundle, "code">;
  readonly isLogShared: boolean;
  readonly log: RunLog;
  readonly journal: JournalView;
  readonly recorder: RunRecorder;
  /** Hands a delivery to the guest; resolves when the guest has dealt with it. */
  readonly hand: (seq: number, delivery: GuestDelivery) => Promise<void>;
  readonly onResponse: (response: WebhookResponse) => void;
  /** Recorded with each delivery: what brings the run back where it is on record that it waits. */
  readonly wake: () => readonly Write[];
  /** Called after each result, and when a call begins to wait: the run may be over, or have nothing to do for now. */
  readonly onResult: () => void;
}

type Call = Pick<GuestCall, "number" | "kind" | "name" | "args">;

export class HostCalls {
  readonly #options: HostCallsOptions;
  /** What the host works on. */
  readonly #works = new Map<number, OngoingCall>();
  readonly #waits = new OpenWaits();
  readonly #blocks: Blocks;
  /** Works whose run was asked to end meanwhile: what comes of them is recorded, but not delivered. */
  readonly #cancelled = new Set<number>();
  /** What a script asks for while it catches up with an earlier life: it may be about what that has kept open. */
  #heldBack: (() => void)[] | null = null;
  /** The server stops: works go on, and their ends are for its next life to see. */
  #letGo = false;
  /** The delivery that asks the script to end: what was called before its turn is over. */
  #cancelSeq: number | null = null;
  /** Deliveries on their way to disk, to be handed to the guest after that. */
  #onTheWay = 0;
  /** Synchronous calls. */
  readonly asked: AskedCalls;

  constructor(options: HostCallsOptions) {
    this.#options = options;
    const { parts, run, log, journal, recorder } = options;
    this.#blocks = new Blocks(run.id, log);
    this.asked = new AskedCalls({ store: parts.store, clock: parts.clock, run, journal, recorder });
  }

  /** True while a delivery is on its way to the guest. */
  get delivering(): boolean {
    return this.#onTheWay > 0;
  }

  /** Calls that the host works on. */
  get ongoing(): number {
    return this.#works.size;
  }

  /** True where something goes on that the script need not wait for: a call, or a block that can still come to its end. */
  get goesOn(): boolean {
    return this.#works.size > 0 || (this.#blocks.isOpen && this.#options.journal.open > 0);
  }

  /**
   * When the first of the calls goes on by itself, where all that have no result only wait; null: with news alone.
   * Undefined where there is something that is worked on, or nothing at all.
   */
  get waitsUntil(): number | null | undefined {
    const waits = [...this.#works.values(), ...this.#waits.values()].map(({ wait }) => wait);
    const isAll = waits.length > 0 && waits.length >= this.#options.journal.open;
    return isAll ? firstWait(waits) : undefined;
  }

  /** Adds a new call to what is recorded, and what is to be done about it once that is durable. */
  take(given: GuestCall, afterSeq: number, writes: Write[], effects: (() => void)[]): void {
    const call = maskCall(this.#options.parts.redactor, given);
    const answered = isTold(call.kind);
    const startedAt = this.#options.parts.clock.now();
    this.#options.journal.add(call, answered);
    writes.push(startedWrite(this.#options.run.id, call, { afterSeq, startedAt }));
    if (answered) writes.push(completeWrite(this.#options.run.id, call.number, done, startedAt));
    const isOver = this.#cancelSeq !== null && afterSeq < this.#cancelSeq;
    if (isOver && !answered) this.#options.journal.complete(call.number);
    if (isWork(call.kind) || isWait(call.kind)) {
      if (isOver) return;
      if (isWork(call.kind)) this.#openWork(call.kind, call, startedAt, writes, effects);
      else this.#openWait(call.kind, call, startedAt, writes, effects);
    } else if (call.kind === "respond") effects.push(() => this.#respond(call));
    else if (call.kind === "clear_timer") this.#clearTimer(numberIn(call));
    else if (call.kind === "abort") effects.push(() => this.#doNow(() => this.#abort(numberIn(call))));
    else if (isWritten(call.kind)) this.#write(call.kind, call, startedAt, writes, effects);
    else if (call.kind === "job") writes.push(writeJob(call, this.#options.run.id, startedAt));
    else if (isOfBlock(call.kind)) this.#blocks.take(call, startedAt, writes, effects);
    if (call.kind === "block_end") this.#settle(call, done, writes, effects);
  }

  /** Knows again what an earlier life was told, before the script is executed once more. */
  restore(journal: Journal): void {
    this.#blocks.restore(journal);
  }

  /** What the script begins from now on waits for `resume`. */
  holdBack(): void {
    this.#heldBack = [];
  }

  /** Takes up what an earlier life of the run has begun and not ended. */
  async resume(journal: Journal, steps: ReadonlyMap<number, KeptStep>): Promise<void> {
    const view = this.#options.journal;
    // What the script has called since then is under way already.
    const calls = journal.calls.filter(({ number }) => view.isEarlier(number));
    const earlier = findEarlierCalls({ ...journal, calls }, this.#options.run);
    for (const { name } of await attachContainers(this.#options.parts.executor, earlier.openContainers)) {
      this.#note(`the container of step ${JSON.stringify(name)} is gone`);
    }
    for (const number of earlier.cleared) view.complete(number);
    for (const { call, delivered, isCancelled } of earlier.open) {
      if (!view.isOpen(call.number)) continue;
      this.#takeUp(call, isCancelled, { kept: steps.get(call.number) ?? null, delivered });
    }
    for (const number of earlier.aborted) this.#abort(number);
    for (const { number, outcome } of earlier.undelivered) this.#deliver(number, outcome);
    for (const work of this.#heldBack ?? []) work();
    this.#heldBack = null;
  }

  /** Ends a wait with news from outside; false where nothing waits there any more. */
  answerWait(answer: WaitAnswer): boolean {
    const wait = this.#waits.get(answer.number);
    wait?.answer(answer);
    return wait !== undefined;
  }

  /** The run is asked to end by this delivery: nothing called before its turn brings the script a result any more. */
  cancelOpen(cancelSeq: number): void {
    const { journal, recorder } = this.#options;
    this.#cancelSeq = cancelSeq;
    journal.completeAll();
    recorder.record(this.#waits.close(true));
    for (const [number, work] of this.#works) {
      this.#cancelled.add(number);
      work.cancel();
    }
  }

  /** Ends all that only waits or was told, of a run that was asked to end or that ends by itself; gives what is to be recorded. */
  close(isCancelled: boolean): readonly Write[] {
    return [...this.#waits.close(isCancelled), ...this.#blocks.close(this.#options.parts.clock.now())];
  }

  /** The rows of steps that are open, as they are to be where nothing more can be recorded of them. */
  lostSteps(): readonly Write[] {
    return [...[...this.#works.values()].flatMap((work) => work.lost()), ...this.close(false)];
  }

  /** The run is over: running steps are ended. */
  stop(): void {
    for (const work of this.#works.values()) work.cancel();
  }

  /** Lets go of running steps without ending them. */
  abandon(): void {
    this.#letGo = true;
    for (const call of [...this.#waits.values(), ...this.#works.values()]) call.abandon();
  }

  #respond({ args }: Call): void {
    const { status, headers, body } = args as unknown as WebhookResponse;
    this.#options.onResponse({ status, headers, body });
  }

  #openWork(kind: WorkCallKind, call: Call, startedAt: number, writes: Write[], effects: (() => void)[]): void {
    const work = openWork(kind, this.#ongoingOptions(call, startedAt));
    this.#works.set(call.number, work);
    writes.push(...work.open());
    effects.push(() => this.#doNow(() => work.start()));
  }

  /** Or as soon as what an earlier life has begun is taken up. */
  #doNow(work: () => void): void {
    if (this.#heldBack === null) work();
    else this.#heldBack.push(work);
  }

  #openWait(kind: WaitCallKind, call: Call, startedAt: number, writes: Write[], effects: (() => void)[]): void {
    let wait: WaitCall;
    try {
      if (kind === "approval") this.#waits.refuseSecond(kind, call.name);
      wait = openWait(kind, this.#ongoingOptions(call, startedAt));
      writes.push(...wait.open());
    } catch (thrown) {
      this.#settle(call, failedOutcome(thrown), writes, effects);
      return;
    }
    effects.push(() => wait.start());
    const end = wait.endAtOnce();
    if (end === null) {
      this.#waits.set(call.number, wait);
      return;
    }
    // All of it is one transaction.
    writes.push(...end.writes);
    this.#settle(call, end.outcome, writes, effects);
  }

  /** A wait that is no step, or that is taken over from another run: there is nothing of it but the call. */
  #beginWait(kind: WaitCallKind, call: Call & { readonly startedAt: number }): void {
    const [writes, effects]: [Write[], (() => void)[]] = [[], []];
    this.#openWait(kind, call, call.startedAt, writes, effects);
    this.#options.recorder.record(writes, () => effects.forEach((effect) => effect()));
  }

  #takeUp(call: Call & { readonly startedAt: number }, isCancelled: boolean, kept: KeptCall): void {
    const { number, kind } = call;
    if (isCancelled) this.#options.journal.complete(number);
    if (isWork(kind)) {
      const work = openWork(kind, this.#ongoingOptions(call, call.startedAt));
      this.#works.set(number, work);
      if (isCancelled) this.#cancelled.add(number);
      work.resume(kept);
      if (isCancelled) work.cancel();
    } else if (isWait(kind)) {
      if (isCancelled && kept.kept?.step.finishedAt !== null) return;
      if (kept.kept === null) return this.#beginWait(kind, call);
      const wait = openWait(kind, this.#ongoingOptions(call, call.startedAt));
      wait.resume(kept);
      // That it was cancelled is not recorded of the step yet.
      if (isCancelled) this.#options.recorder.record(wait.lost(true));
      else this.#waits.set(number, wait);
    }
  }

  #ongoingOptions(call: Call, startedAt: number): OngoingCallOptions {
    const { parts, run, bundle, isLogShared, log, recorder } = this.#options;
    const { number } = call;
    return {
      parts,
      run,
      bundle,
      call,
      startedAt,
      isLogShared,
      record: (more, effect, dropped) => recorder.record(more, effect, dropped),
      output: { log, deliver: (...piece) => this.#deliverOutput(number, ...piece) },
      onWait: () => this.#options.onResult(),
      onEnd: (outcome, more, discard) => {
        this.#complete(number, outcome, more, (handed) => {
          this.#works.delete(number);
          discard(handed);
        });
        this.#waits.delete(number);
      },
    };
  }

  #deliverOutput(
    call: number,
    stream: "stdout" | "stderr",
    offset: number,
    length: number,
    text: string,
  ): Promise<void> {
    if (this.#cancelled.has(call)) return Promise.resolve();
    const { recorder, run } = this.#options;
    const seq = this.#nextDelivery();
    const delivery = { seq, type: "output", call, stream, offset, length } as const;
    return new Promise((resolve) => {
      const hand = (): void => void this.#hand(seq, { type: "output", call, stream, text }).then(resolve);
      recorder.record([{ type: "journal.deliver", runId: run.id, delivery }], hand, resolve);
    });
  }

  #clearTimer(number: number): void {
    if (this.#options.journal.kindOf(number) !== "timer") return;
    this.#waits.get(number)?.abandon();
    this.#waits.delete(number);
    this.#options.journal.complete(number);
  }

  /** The script has it end, and is told of its end as always. */
  #abort(number: number): void {
    (this.#works.get(number) ?? this.#waits.get(number))?.cancel();
  }

  #complete(
    number: number,
    given: CallOutcome,
    more: readonly Write[] = [],
    effect?: (handed: Promise<void>) => void,
  ): void {
    const outcome = maskOutcome(this.#options.parts.redactor, given);
    const nobody = Promise.resolve();
    // Where it can no longer be recorded, nobody needs what the work has left, unless a later life takes it up.
    const dropped = (): void => {
      if (!this.#letGo) effect?.(nobody);
    };
    if (this.#cancelled.has(number)) {
      const over = (): void => {
        effect?.(nobody);
        this.#options.onResult();
      };
      this.#options.recorder.record(more, over, dropped);
      return;
    }
    const writes: Write[] = [...more];
    const seq = this.#addResult(number, outcome, writes);
    const take = (): void => {
      // The script goes on first: what is left to tidy up can be done while it does.
      const handed = this.#hand(seq, { type: "result", call: number, ...outcome });
      effect?.(handed);
      this.#options.onResult();
    };
    this.#options.recorder.record(writes, take, dropped);
  }

  /** Delivers a result that is on record already. */
  #deliver(number: number, outcome: CallOutcome): void {
    const seq = this.#nextDelivery();
    this.#options.recorder.record([deliverWrite(this.#options.run.id, number, seq)], () => {
      void this.#hand(seq, { type: "result", call: number, ...outcome });
    });
  }

  #write(kind: WrittenCallKind, call: Call, at: number, writes: Write[], effects: (() => void)[]): void {
    const { run, parts } = this.#options;
    let outcome: CallOutcome;
    try {
      const { write, value } = writeCall(kind, call, run, at, parts.targets);
      writes.push(write);
      outcome = { ok: true, value };
    } catch (thrown) {
      outcome = failedOutcome(thrown);
    }
    this.#settle(call, outcome, writes, effects);
  }

  /** Answers a call at once: its result is one transaction with the call itself. */
  #settle(call: Call, given: CallOutcome, writes: Write[], effects: (() => void)[]): void {
    const outcome = maskOutcome(this.#options.parts.redactor, given);
    const seq = this.#addResult(call.number, outcome, writes);
    effects.push(() => void this.#hand(seq, { type: "result", call: call.number, ...outcome }));
  }

  /** Adds the result of a call and its delivery to what is recorded; returns the delivery's place. */
  #addResult(number: number, outcome: CallOutcome, writes: Write[]): number {
    const { journal, run, parts } = this.#options;
    journal.complete(number);
    const seq = this.#nextDelivery();
    writes.push(completeWrite(run.id, number, outcome, parts.clock.now()), deliverWrite(run.id, number, seq));
    writes.push(...this.#options.wake());
    return seq;
  }

  #nextDelivery(): number {
    this.#onTheWay++;
    return this.#options.journal.nextDelivery();
  }

  #hand(seq: number, delivery: GuestDelivery): Promise<void> {
    this.#onTheWay--;
    return this.#options.hand(seq, delivery);
  }

  #note(text: string): void {
    const { log, recorder, run, parts, journal } = this.#options;
    const afterCall = journal.size;
    const line = log.append(run.id, { at: parts.clock.now(), source: "system", level: "warn", text, afterCall });
    recorder.record([line.write], line.show);
  }
}

/** Of the call that this one is about. */
function numberIn({ args }: Call): number {
  return Number((args as { readonly call: number }).call);
}

const done: CallOutcome = { ok: true, value: undefined };
