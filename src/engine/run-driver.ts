// One live run: opens its guest, records what the guest does, does what it asks for, and brings it to its end.

import { createHmac } from "node:crypto";
import { AppError, toAppError } from "../core/app-error.ts";
import { formatDuration, parseDuration } from "../core/duration.ts";
import type { WebhookResponse } from "../core/inbound-request.ts";
import type { JsonValue } from "../core/json.ts";
import type { LogEntry } from "../core/log-entry.ts";
import type { FinalRunStatus } from "../core/run.ts";
import type {
  Answer,
  ConsoleLine,
  GuestCall,
  GuestDelivery,
  GuestHandle,
  GuestReplay,
  GuestRequest,
  GuestTurn,
  ObservedValues,
} from "../sandbox/sandbox.ts";
import type { CallOutcome, Delivery, Journal, NewRun, Write } from "../store/store.ts";
import { JournalView } from "./journal-view.ts";
import { cancelledEnd, endOfGuest, failedEnd, plainError, type RunEnd, timedOutEnd } from "./run-end.ts";
import { RunLog } from "./run-log.ts";
import type { PinnedVersion, RunParts } from "./run-parts.ts";
import { RunRecorder } from "./run-recorder.ts";
import { StepCall } from "./step-call.ts";

export interface RunDriverOptions {
  readonly parts: RunParts;
  readonly run: NewRun;
  readonly version: PinnedVersion;
  readonly request: GuestRequest | null;
  /** Called at most once, when the script's response is durable. */
  readonly onResponse: (response: WebhookResponse) => void;
  /** Called once, when the end is durable. */
  readonly onEnd: (status: FinalRunStatus) => void;
}

interface HeldDelivery {
  readonly seq: number;
  readonly delivery: GuestDelivery;
  readonly done: () => void;
}

const defaultMemoryBytes = 64 * 1024 * 1024;
const cpuPerDeliveryMs = 5000;
const cpuTotalMs = 10 * 60 * 1000;
const nothingKnown: GuestReplay = { calls: 0, consoleLines: 0, observations: [], cpuUsedMs: 0 };

export class RunDriver {
  readonly log = new RunLog();
  readonly #options: RunDriverOptions;
  readonly #recorder: RunRecorder;
  readonly #journal = new JournalView();
  readonly #steps = new Map<number, StepCall>();
  readonly #timers = new Map<number, () => void>();
  #guest: GuestHandle | null = null;
  /** Counts placements, so that what an earlier one still says is not taken for this one's. */
  #placement = 0;
  /** Turns the guest owes: while there are any, it may still make calls. */
  #turnsOwed = 0;
  /** Deliveries that become durable while the run is being replayed. */
  #held: HeldDelivery[] | null = null;
  #started = false;
  #cpuUsedMs = 0;
  #returned: RunEnd | null = null;
  #end: RunEnd | null = null;
  #endRecorded = false;
  #stopTimeout: (() => void) | null = null;
  #abandoned = false;

  constructor(options: RunDriverOptions) {
    this.#options = options;
    const { store, clock, logger } = options.parts;
    this.#recorder = new RunRecorder(store, clock, (message) =>
      logger.error("a run could not be recorded; trying again", { run: options.run.id, reason: message }),
    );
  }

  get id(): string {
    return this.#options.run.id;
  }

  start(): void {
    const { timeoutMs } = this.#options.version.config;
    if (timeoutMs !== undefined) {
      this.#stopTimeout = this.#options.parts.clock.after(timeoutMs, () =>
        this.#finish(timedOutEnd(formatDuration(timeoutMs))),
      );
    }
    this.#open(nothingKnown);
  }

  cancel(reason: string): void {
    this.#finish(cancelledEnd(reason));
  }

  /** Lets go of the run without an end: the server stops, or the run was never recorded. Steps live on. */
  async abandon(): Promise<void> {
    this.#abandoned = true;
    this.#closeGuest();
    for (const step of this.#steps.values()) step.abandon();
    await this.#recorder.settled();
    this.#recorder.stop();
    this.log.end();
  }

  // ── the guest ─────────────────────────────────────────────────────────────────────────────────────────────────────

  #open(replay: GuestReplay): void {
    const { parts, run, version, request } = this.#options;
    const placement = ++this.#placement;
    const current = (): boolean => placement === this.#placement && this.#end === null && !this.#abandoned;
    this.#turnsOwed = 1;
    const context = {
      runID: run.id,
      pipelineID: run.pipeline,
      triggeredBy: run.trigger,
      driverName: "local",
      args: run.args,
      params: run.params,
    };
    const memoryBytes = version.config.memoryBytes ?? defaultMemoryBytes;
    const limits = { memoryBytes, cpuPerDeliveryMs, cpuTotalMs };
    const spec = { bundleHash: version.bundle.hash, mode: "run", context, request, limits, replay } as const;
    this.#guest = parts.pool.open(version.bundle, spec, {
      onTurn: (turn) => {
        if (current()) this.#takeTurn(turn);
      },
      onAsk: async (call) => (current() ? await this.#answer(call) : refusal(runOver)),
      onMoved: () => {
        if (current()) void this.#replay();
      },
      onFailed: (code, message) => {
        if (current()) this.#finish(failedEnd(code, message, version.bundle));
      },
    });
  }

  #closeGuest(): void {
    this.#placement++;
    this.#guest?.close();
    this.#guest = null;
  }

  /** Executes the script again in another process, answered from the journal. */
  async #replay(): Promise<void> {
    const held: HeldDelivery[] = [];
    this.#held = held;
    this.#placement++;
    this.#guest = null;
    const placement = this.#placement;
    await this.#recorder.settled();
    try {
      const journal = await this.#options.parts.store.journal.load(this.id);
      if (placement !== this.#placement || this.#end !== null || this.#abandoned) return;
      this.#journal.beginReplay(journal);
      this.#open(this.#replayOf(journal));
      await this.#deliverAgain(journal, this.#placement);
    } catch (thrown) {
      this.#finish(
        failedEnd("INTERNAL", `the run could not be executed again: ${toAppError(thrown).message}`, this.#bundle),
      );
    }
  }

  #replayOf(journal: Journal): GuestReplay {
    return {
      calls: journal.calls.length,
      consoleLines: journal.consoleLines,
      observations: journal.observations.map(({ values }) => values as unknown as ObservedValues),
      cpuUsedMs: this.#cpuUsedMs,
    };
  }

  async #deliverAgain(journal: Journal, placement: number): Promise<void> {
    const outcomes = new Map(journal.calls.map((call) => [call.number, call.outcome]));
    let lastSeq = 0;
    for (const delivery of journal.deliveries) {
      lastSeq = delivery.seq;
      const message = await this.#messageOf(delivery, outcomes);
      if (placement !== this.#placement) return;
      if (message !== null) void this.#send(message);
    }
    const held = this.#held ?? [];
    this.#held = null;
    for (const { seq, delivery, done } of held) {
      if (seq > lastSeq) void this.#send(delivery).then(done);
      else done();
    }
  }

  async #messageOf(
    delivery: Delivery,
    outcomes: ReadonlyMap<number, CallOutcome | undefined>,
  ): Promise<GuestDelivery | null> {
    if (delivery.type === "result") {
      const outcome = outcomes.get(delivery.call);
      return outcome === undefined ? null : { type: "result", call: delivery.call, ...outcome };
    }
    const { call, stream, offset, length } = delivery;
    const bytes = await this.#options.parts.store.logs.readOutput(`${this.id}.${call}`, stream, offset, length);
    return { type: "output", call, stream, text: new TextDecoder().decode(bytes) };
  }

  async #send(delivery: GuestDelivery): Promise<void> {
    if (this.#guest === null) return;
    this.#turnsOwed++;
    await this.#guest.deliver(delivery);
  }

  /** Hands over what has just become durable, or keeps it until a replay has caught up. */
  #hand(seq: number, delivery: GuestDelivery): Promise<void> {
    const held = this.#held;
    if (held === null) return this.#send(delivery);
    return new Promise((done) => held.push({ seq, delivery, done }));
  }

  // ── what the guest did ────────────────────────────────────────────────────────────────────────────────────────────

  #takeTurn(turn: GuestTurn): void {
    if (turn.done) {
      this.#turnsOwed--;
      this.#cpuUsedMs += turn.cpuMs;
    }
    const writes: Write[] = [];
    const effects: (() => void)[] = [];
    this.#noteStart(writes);
    this.#noteObserved(turn.observed, writes);
    for (const line of turn.console) this.#noteConsole(line, writes, effects);
    for (const call of turn.calls) {
      if (!this.#takeCall(call, writes, effects)) return;
    }
    if (turn.end?.type === "returned") this.#returned = endOfGuest(turn.end, this.#bundle);
    const end =
      turn.end !== null && turn.end.type !== "returned" ? endOfGuest(turn.end, this.#bundle) : this.#endIfDone();
    if (writes.length > 0) this.#recorder.record(writes, () => effects.forEach((effect) => effect()));
    if (end !== null) this.#finish(end);
  }

  get #bundle(): PinnedVersion["bundle"] {
    return this.#options.version.bundle;
  }

  #noteStart(writes: Write[]): void {
    if (this.#started) return;
    this.#started = true;
    writes.push({ type: "run.start", id: this.id, at: this.#now() });
  }

  #noteObserved(observed: ObservedValues | null, writes: Write[]): void {
    if (observed === null) return;
    const observations = { ordinal: this.#journal.nextObservation(), values: observed as unknown as JsonValue };
    writes.push({ type: "journal.observe", runId: this.id, observations });
  }

  #noteConsole(line: ConsoleLine, writes: Write[], effects: (() => void)[]): void {
    this.#note("console", line.level, line.text, line.at, writes, effects);
  }

  #note(
    source: "console" | "system",
    level: LogEntry["level"],
    text: string,
    at: number,
    writes: Write[],
    effects: (() => void)[],
  ): void {
    const seq = this.log.nextSeq();
    writes.push({ type: "log.line", runId: this.id, seq, at, source, level, text });
    effects.push(() => this.log.publish({ seq, at, source, level, stepId: null, stepName: null, text }));
  }

  /** False where the call differs from the recorded one: the run is over. */
  #takeCall(call: GuestCall, writes: Write[], effects: (() => void)[]): boolean {
    if (this.#journal.has(call.number)) return this.#sameAsRecorded(call);
    const immediate = call.kind === "respond" || call.kind === "clear_timer";
    this.#journal.add(call, immediate);
    writes.push(this.#startedWrite(call));
    if (immediate) {
      const outcome: CallOutcome = { ok: true, value: undefined };
      writes.push({ type: "journal.complete", runId: this.id, number: call.number, outcome, at: this.#now() });
    }
    this.#perform(call, writes, effects);
    return true;
  }

  #sameAsRecorded(call: GuestCall): boolean {
    const difference = this.#journal.difference(call);
    if (difference === null) return true;
    this.#finish(failedEnd("NONDETERMINISTIC", difference, this.#bundle, call.stack));
    return false;
  }

  #startedWrite({ number, kind, name, argsHash, args }: GuestCall): Write {
    return {
      type: "journal.start",
      runId: this.id,
      call: { number, kind, name, argsHash, args, startedAt: this.#now() },
    };
  }

  /** The end of a script that has returned and waits for nothing, or that waits for what never comes. */
  #endIfDone(): RunEnd | null {
    if (this.#turnsOwed > 0 || this.#held !== null) return null;
    if (this.#returned !== null) return this.#journal.countOpen("step") === 0 ? this.#returned : null;
    if (this.#journal.anyOpen) return null;
    return failedEnd("NEVER_SETTLES", "the script waits for something that can never happen", this.#bundle);
  }

  // ── what the guest asked for ──────────────────────────────────────────────────────────────────────────────────────

  #perform(call: GuestCall, writes: Write[], effects: (() => void)[]): void {
    switch (call.kind) {
      case "respond":
        effects.push(() => this.#options.onResponse(call.args as unknown as WebhookResponse));
        return;
      case "step":
        this.#openStep(call, writes, effects);
        return;
      case "timer":
        effects.push(() => this.#startTimer(call));
        return;
      case "clear_timer":
        this.#clearTimer(Number((call.args as { call: number }).call));
        return;
      case "storage":
        this.#store(call, writes, effects);
        return;
      case "hmac":
        effects.push(() => void this.#sign(call));
    }
  }

  #openStep(call: GuestCall, writes: Write[], effects: (() => void)[]): void {
    const { parts, run } = this.#options;
    const step = new StepCall({
      parts,
      runId: run.id,
      pipeline: run.pipeline,
      number: call.number,
      name: call.name,
      args: call.args,
      record: (stepWrites, effect) => this.#recorder.record(stepWrites, effect),
      output: { log: this.log, deliver: (...piece) => this.#deliverOutput(call.number, ...piece) },
      onEnd: (outcome, stepWrites, discard) => {
        this.#complete(call.number, outcome, stepWrites, () => {
          this.#steps.delete(call.number);
          discard();
        });
      },
    });
    this.#steps.set(call.number, step);
    writes.push(step.open());
    effects.push(() => step.start());
  }

  #deliverOutput(
    call: number,
    stream: "stdout" | "stderr",
    offset: number,
    length: number,
    text: string,
  ): Promise<void> {
    const seq = this.#journal.nextDelivery();
    const delivery = { seq, type: "output", call, stream, offset, length } as const;
    return new Promise((resolve) => {
      this.#recorder.record([{ type: "journal.deliver", runId: this.id, delivery }], () => {
        void this.#hand(seq, { type: "output", call, stream, text }).then(resolve);
      });
    });
  }

  #startTimer(call: GuestCall): void {
    if (this.#end !== null || this.#timers.get(call.number) === cleared) return;
    let delayMs: number;
    try {
      const { delayMs: given, duration } = call.args as { delayMs?: number; duration?: JsonValue };
      delayMs = given ?? parseDuration(duration);
    } catch (thrown) {
      this.#complete(call.number, failure(thrown));
      return;
    }
    const stop = this.#options.parts.clock.after(delayMs, () => {
      this.#timers.delete(call.number);
      this.#complete(call.number, { ok: true, value: undefined });
    });
    this.#timers.set(call.number, stop);
  }

  #clearTimer(number: number): void {
    this.#timers.get(number)?.();
    this.#timers.set(number, cleared);
    this.#journal.complete(number);
  }

  #store(call: GuestCall, writes: Write[], effects: (() => void)[]): void {
    const { key, value } = call.args as { key: string; value: JsonValue };
    const pipeline = this.#options.run.pipeline;
    writes.push(
      call.name === "set" ? { type: "value.set", pipeline, key, value } : { type: "value.delete", pipeline, key },
    );
    // The value and the call's result are one transaction with the call itself.
    const seq = this.#addResult(call.number, { ok: true, value: undefined }, writes);
    effects.push(() => void this.#hand(seq, { type: "result", call: call.number, ok: true, value: undefined }));
  }

  async #sign(call: GuestCall): Promise<void> {
    const { algorithm, secret, message } = call.args as { algorithm: string; secret: string; message: string };
    try {
      const resolved = await this.#options.parts.secrets.resolve(secret);
      if (!resolved.ok) throw new AppError("SECRET_MISSING", `crypto.hmac: ${resolved.message}`);
      const mac = createHmac(algorithm.toLowerCase().replace(/^sha-/, "sha"), resolved.value);
      this.#complete(call.number, { ok: true, value: mac.update(Buffer.from(message, "base64")).digest("hex") });
    } catch (thrown) {
      this.#complete(call.number, failure(thrown));
    }
  }

  /** A synchronous call: its process waits, so the answer is made and recorded at once. */
  async #answer(call: GuestCall): Promise<Answer> {
    if (this.#journal.has(call.number)) {
      if (!this.#sameAsRecorded(call)) return refusal(runOver);
      const recorded = this.#journal.recordedOutcome(call.number);
      if (recorded !== undefined) return recorded;
    } else this.#journal.add(call, true);
    // A value that this run has just set is among what is not yet durable.
    await this.#recorder.settled();
    const outcome = await this.#readStorage(call);
    await new Promise<void>((resolve) => {
      const complete: Write = {
        type: "journal.complete",
        runId: this.id,
        number: call.number,
        outcome,
        at: this.#now(),
      };
      this.#recorder.record([this.#startedWrite(call), complete], resolve);
    });
    return outcome;
  }

  async #readStorage({ name, args }: GuestCall): Promise<CallOutcome> {
    const { store } = this.#options.parts;
    const { pipeline } = this.#options.run;
    const { key = "", prefix = "" } = args as { key?: string; prefix?: string };
    try {
      const value = name === "get" ? await store.values.get(pipeline, key) : await store.values.keys(pipeline, prefix);
      return { ok: true, value };
    } catch (thrown) {
      return failure(thrown);
    }
  }

  /** Adds the result of a call and its delivery to what is recorded; returns the delivery's place. */
  #addResult(number: number, outcome: CallOutcome, writes: Write[]): number {
    this.#journal.complete(number);
    const seq = this.#journal.nextDelivery();
    writes.push(
      { type: "journal.complete", runId: this.id, number, outcome, at: this.#now() },
      { type: "journal.deliver", runId: this.id, delivery: { seq, type: "result", call: number } },
    );
    return seq;
  }

  #complete(number: number, outcome: CallOutcome, more: readonly Write[] = [], effect?: () => void): void {
    const writes: Write[] = [...more];
    const seq = this.#addResult(number, outcome, writes);
    this.#recorder.record(writes, () => {
      effect?.();
      void this.#hand(seq, { type: "result", call: number, ...outcome });
      this.#finishEndedSteps();
    });
  }

  // ── the end ───────────────────────────────────────────────────────────────────────────────────────────────────────

  #finish(end: RunEnd): void {
    if (this.#end !== null || this.#abandoned) return;
    this.#end = end;
    this.#closeGuest();
    this.#stopTimeout?.();
    for (const stop of this.#timers.values()) stop();
    for (const { done } of this.#held ?? []) done();
    this.#held = null;
    for (const step of this.#steps.values()) step.cancel();
    this.#finishEndedSteps();
  }

  /** Records the end once no step of the run is left. */
  #finishEndedSteps(): void {
    const end = this.#end;
    if (end === null || this.#steps.size > 0 || this.#endRecorded) return;
    this.#endRecorded = true;
    const writes: Write[] = [];
    const effects: (() => void)[] = [];
    this.#noteStart(writes);
    if (end.error !== null) this.#note("system", "error", describeEnd(end), this.#now(), writes, effects);
    writes.push({ type: "run.finish", id: this.id, ...end, at: this.#now() });
    this.#recorder.record(writes, () => {
      effects.forEach((effect) => effect());
      this.log.end();
      this.#options.onEnd(end.status);
    });
  }

  #now(): number {
    return this.#options.parts.clock.now();
  }
}

/** Stands where a timer was cleared before it could start. */
const cleared = (): void => {};

const runOver = "the run has ended";

function refusal(message: string): Answer {
  return { ok: false, error: { code: "RUN_CANCELLED", message } };
}

function failure(thrown: unknown): CallOutcome {
  const { code, message } = toAppError(thrown);
  return { ok: false, error: { code, message } };
}

function describeEnd({ status, error }: RunEnd): string {
  const { message, hint, file, line } = error ?? plainError("INTERNAL", "unknown");
  const place = file === null ? "" : ` (${file}:${line})`;
  return `${status.replace("_", " ")}: ${message}${place}${hint === null ? "" : ` — ${hint}`}`;
}
