// What a script asks of its host: steps, timers, storage, signatures. Recorded first, done after.

import { createHmac } from "node:crypto";
import { AppError, toAppError } from "../core/app-error.ts";
import { parseHmacAlgorithm } from "../core/hmac-algorithm.ts";
import { parseDuration } from "../core/duration.ts";
import type { WebhookResponse } from "../core/inbound-request.ts";
import type { JsonValue } from "../core/json.ts";
import type { GuestCall, GuestDelivery } from "../sandbox/sandbox.ts";
import type { CallOutcome, NewRun, Write } from "../store/store.ts";
import type { JournalView } from "./journal-view.ts";
import type { RunLog } from "./run-log.ts";
import type { RunParts } from "./run-parts.ts";
import type { RunRecorder } from "./run-recorder.ts";
import type { OngoingCall } from "./ongoing-call.ts";
import { openCall, type OngoingKind } from "./open-call.ts";

export interface HostCallsOptions {
  readonly parts: RunParts;
  readonly run: NewRun;
  readonly log: RunLog;
  readonly journal: JournalView;
  readonly recorder: RunRecorder;
  /** Hands a delivery to the guest; resolves when the guest has dealt with it. */
  readonly hand: (seq: number, delivery: GuestDelivery) => Promise<void>;
  readonly onResponse: (response: WebhookResponse) => void;
  /** Called after each result: a run that has ended may have waited for its last step. */
  readonly onResult: () => void;
}

export class HostCalls {
  readonly #options: HostCallsOptions;
  readonly #ongoing = new Map<number, OngoingCall>();
  readonly #timers = new Map<number, () => void>();
  /** Deliveries on their way to disk, to be handed to the guest after that. */
  #onTheWay = 0;
  /** Synchronous calls that are being answered. */
  readonly #answering = new Set<Promise<CallOutcome>>();
  #stopped = false;

  constructor(options: HostCallsOptions) {
    this.#options = options;
  }

  /** True while a delivery is on its way to the guest. */
  get delivering(): boolean {
    return this.#onTheWay > 0;
  }

  /** Calls that the host works on. */
  get ongoing(): number {
    return this.#ongoing.size;
  }

  /** Adds a new call to what is recorded, and what is to be done about it once that is durable. */
  take(call: GuestCall, afterSeq: number, writes: Write[], effects: (() => void)[]): void {
    const answered = call.kind === "respond" || call.kind === "clear_timer";
    this.#options.journal.add(call, answered);
    writes.push(this.#startedWrite(call, afterSeq));
    if (answered) writes.push(this.#completeWrite(call.number, done));
    switch (call.kind) {
      case "respond":
        effects.push(() => this.#respond(call));
        return;
      case "step":
      case "fetch":
      case "volume":
      case "artifact":
      case "sandbox":
        this.#openOngoing(call.kind, call, writes, effects);
        return;
      case "timer":
        this.#openTimer(call, writes, effects);
        return;
      case "clear_timer":
        this.#clearTimer(Number((call.args as { call: number }).call));
        return;
      case "storage":
        this.#changeStorage(call, writes, effects);
        return;
      case "hmac":
        effects.push(() => void this.#sign(call));
    }
  }

  /** A synchronous call, new or begun before: its process waits, so the answer is made and recorded at once. */
  async answer(call: GuestCall, afterSeq: number): Promise<CallOutcome> {
    const answer = this.#answer(call, afterSeq);
    this.#answering.add(answer);
    try {
      return await answer;
    } finally {
      this.#answering.delete(answer);
    }
  }

  /** Resolves when nothing is being answered: an answer is recorded also where its process is gone. */
  async answered(): Promise<void> {
    await Promise.allSettled(this.#answering);
  }

  async #answer(call: GuestCall, afterSeq: number): Promise<CallOutcome> {
    const { journal, recorder } = this.#options;
    const known = journal.has(call.number);
    if (!known) journal.add(call, true);
    // A value that this run has just set is among what is not yet durable.
    await recorder.settled();
    const outcome = await this.#readStorage(call);
    const complete = this.#completeWrite(call.number, outcome);
    const writes = known ? [complete] : [this.#startedWrite(call, afterSeq), complete];
    return await new Promise<CallOutcome>((resolve) => {
      recorder.record(
        writes,
        () => resolve(outcome),
        () => resolve(runOver),
      );
    });
  }

  /** The rows of steps that are open, as they are to be where nothing more can be recorded of them. */
  lostSteps(): readonly Write[] {
    return [...this.#ongoing.values()].flatMap((call) => call.lost());
  }

  /** The run is over: no timer fires any more, and running steps are ended. */
  stop(): void {
    this.#stopped = true;
    for (const stop of this.#timers.values()) stop();
    for (const call of this.#ongoing.values()) call.cancel();
  }

  /** Lets go of running steps without ending them. */
  abandon(): void {
    this.#stopped = true;
    for (const stop of this.#timers.values()) stop();
    for (const call of this.#ongoing.values()) call.abandon();
  }

  #respond({ args }: GuestCall): void {
    const { status, headers, body } = args as unknown as WebhookResponse;
    this.#options.onResponse({ status, headers, body });
  }

  #openOngoing(kind: OngoingKind, call: GuestCall, writes: Write[], effects: (() => void)[]): void {
    const { parts, run, log, recorder } = this.#options;
    const ongoing = openCall(kind, {
      parts,
      run,
      call,
      record: (more, effect, dropped) => recorder.record(more, effect, dropped),
      output: { log, deliver: (...piece) => this.#deliverOutput(call.number, ...piece) },
      onEnd: (outcome, more, discard) => {
        this.#complete(call.number, outcome, more, (handed) => {
          this.#ongoing.delete(call.number);
          discard(handed);
        });
      },
    });
    this.#ongoing.set(call.number, ongoing);
    writes.push(...ongoing.open());
    effects.push(() => ongoing.start());
  }

  #deliverOutput(
    call: number,
    stream: "stdout" | "stderr",
    offset: number,
    length: number,
    text: string,
  ): Promise<void> {
    const { recorder, run } = this.#options;
    const seq = this.#nextDelivery();
    const delivery = { seq, type: "output", call, stream, offset, length } as const;
    return new Promise((resolve) => {
      const hand = (): void => void this.#hand(seq, { type: "output", call, stream, text }).then(resolve);
      recorder.record([{ type: "journal.deliver", runId: run.id, delivery }], hand, resolve);
    });
  }

  #openTimer(call: GuestCall, writes: Write[], effects: (() => void)[]): void {
    const { delayMs: given, duration } = call.args as { delayMs?: number; duration?: JsonValue };
    let delayMs: number;
    try {
      delayMs = given ?? parseDuration(duration);
    } catch (thrown) {
      this.#settle(call, failure(thrown), writes, effects);
      return;
    }
    if (delayMs > 0) effects.push(() => this.#startTimer(call.number, delayMs));
    else this.#settle(call, done, writes, effects);
  }

  #startTimer(number: number, delayMs: number): void {
    if (this.#stopped || this.#timers.get(number) === cleared) return;
    const stop = this.#options.parts.clock.after(delayMs, () => {
      this.#timers.delete(number);
      this.#complete(number, done);
    });
    this.#timers.set(number, stop);
  }

  #clearTimer(number: number): void {
    if (this.#options.journal.kindOf(number) !== "timer") return;
    this.#timers.get(number)?.();
    this.#timers.set(number, cleared);
    this.#options.journal.complete(number);
  }

  #changeStorage(call: GuestCall, writes: Write[], effects: (() => void)[]): void {
    const { key, value } = call.args as { key: string; value: JsonValue };
    const { pipeline } = this.#options.run;
    writes.push(
      call.name === "set" ? { type: "value.set", pipeline, key, value } : { type: "value.delete", pipeline, key },
    );
    this.#settle(call, done, writes, effects);
  }

  async #readStorage({ name, args }: GuestCall): Promise<CallOutcome> {
    const { values } = this.#options.parts.store;
    const { pipeline } = this.#options.run;
    const { key = "", prefix = "" } = args as { key?: string; prefix?: string };
    try {
      return { ok: true, value: await (name === "get" ? values.get(pipeline, key) : values.keys(pipeline, prefix)) };
    } catch (thrown) {
      return failure(thrown);
    }
  }

  async #sign(call: GuestCall): Promise<void> {
    const { algorithm, secret, message } = call.args as { algorithm: string; secret: string; message: string };
    try {
      const resolved = await this.#options.parts.secrets.resolve(secret);
      if (!resolved.ok) throw new AppError("SECRET_MISSING", `crypto.hmac: ${resolved.message}`);
      const known = parseHmacAlgorithm(algorithm);
      if (known === null) throw new AppError("VALIDATION_FAILED", `crypto.hmac: unknown algorithm ${algorithm}`);
      const mac = createHmac(known, resolved.value);
      this.#complete(call.number, { ok: true, value: mac.update(Buffer.from(message, "base64")).digest("hex") });
    } catch (thrown) {
      this.#complete(call.number, failure(thrown));
    }
  }

  #complete(
    number: number,
    outcome: CallOutcome,
    more: readonly Write[] = [],
    effect?: (handed: Promise<void>) => void,
  ): void {
    const writes: Write[] = [...more];
    const seq = this.#addResult(number, outcome, writes);
    const take = (): void => {
      // The script goes on first: what is left to tidy up can be done while it does.
      const handed = this.#hand(seq, { type: "result", call: number, ...outcome });
      effect?.(handed);
      this.#options.onResult();
    };
    // Where it can no longer be recorded, nobody needs what the work has left.
    this.#options.recorder.record(writes, take, () => effect?.(Promise.resolve()));
  }

  /** Answers a call at once: its result is one transaction with the call itself. */
  #settle(call: GuestCall, outcome: CallOutcome, writes: Write[], effects: (() => void)[]): void {
    const seq = this.#addResult(call.number, outcome, writes);
    effects.push(() => void this.#hand(seq, { type: "result", call: call.number, ...outcome }));
  }

  /** Adds the result of a call and its delivery to what is recorded; returns the delivery's place. */
  #addResult(number: number, outcome: CallOutcome, writes: Write[]): number {
    this.#options.journal.complete(number);
    const seq = this.#nextDelivery();
    const delivery = { seq, type: "result", call: number } as const;
    writes.push(this.#completeWrite(number, outcome), {
      type: "journal.deliver",
      runId: this.#options.run.id,
      delivery,
    });
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

  #startedWrite({ number, kind, name, argsHash, args }: GuestCall, afterSeq: number): Write {
    const startedAt = this.#options.parts.clock.now();
    const call = { number, kind, name, argsHash, args, startedAt, afterSeq };
    return { type: "journal.start", runId: this.#options.run.id, call };
  }

  #completeWrite(number: number, outcome: CallOutcome): Write {
    const at = this.#options.parts.clock.now();
    return { type: "journal.complete", runId: this.#options.run.id, number, outcome, at };
  }
}

const runOver: CallOutcome = { ok: false, error: { code: "RUN_CANCELLED", message: "the run has ended" } };

const done: CallOutcome = { ok: true, value: undefined };

/** Stands where a timer was cleared before it could start. */
const cleared = (): void => {};

function failure(thrown: unknown): CallOutcome {
  const { code, message, hint } = toAppError(thrown);
  return { ok: false, error: { code, message, ...(hint === undefined ? {} : { hint }) } };
}
