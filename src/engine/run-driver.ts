// One live run: records what its guest does, has done what it asks for, and brings it to its end.

import type { AppError } from "../core/app-error.ts";
import { formatDuration } from "../core/duration.ts";
import type { WebhookResponse } from "../core/inbound-request.ts";
import type { JsonValue } from "../core/json.ts";
import type { LogEntry } from "../core/log-entry.ts";
import type { FinalRunStatus } from "../core/run.ts";
import type { Answer, GuestCall, GuestRequest, GuestTurn, ObservedValues } from "../sandbox/sandbox.ts";
import type { NewRun, Write } from "../store/store.ts";
import { awaitStore } from "./await-store.ts";
import { GuestSession } from "./guest-session.ts";
import { HostCalls } from "./host-calls.ts";
import { JournalView } from "./journal-view.ts";
import { cancelledEnd, endOfGuest, failedEnd, type RunEnd, timedOutEnd } from "./run-end.ts";
import { RunLog } from "./run-log.ts";
import type { PinnedVersion, RunParts } from "./run-parts.ts";
import { RunRecorder } from "./run-recorder.ts";
import { tidyRun } from "./tidy-run.ts";

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

const noteStartAfterMs = 50;
const abandonAfterMs = 2000;

export class RunDriver {
  readonly log = new RunLog();
  readonly #options: RunDriverOptions;
  readonly #recorder: RunRecorder;
  readonly #journal = new JournalView();
  readonly #guest: GuestSession;
  readonly #calls: HostCalls;
  #started = false;
  /** Set when `pipeline` has returned, while steps it did not wait for still run. */
  #returned: RunEnd | null = null;
  #end: RunEnd | null = null;
  #endRecorded = false;
  #stopTimeout: (() => void) | null = null;
  #stopStartNote: (() => void) | null = null;
  #abandoned = false;
  /** Nobody waits for the run's end in this process. */
  #letGo = false;

  constructor(options: RunDriverOptions) {
    this.#options = options;
    const { parts, run, version, request, onResponse } = options;
    const { log } = this;
    const recorder = new RunRecorder(parts.store, parts.clock, {
      onRetry: (error) =>
        // The store itself tells of its trouble, once; there may be thousands of runs.
        parts.logger.debug("a run could not be recorded; trying again", { run: run.id, reason: error.message }),
      onLost: (error) => void this.#endUnrecorded(error),
    });
    const journal = this.#journal;
    this.#recorder = recorder;
    const guest = new GuestSession({
      parts,
      run,
      version,
      request,
      journal,
      settled: async () => {
        await this.#calls.answered();
        await recorder.settled();
      },
      onTurn: (turn, afterSeq) => this.#takeTurn(turn, afterSeq),
      onAsk: async (call, afterSeq) => await this.#answer(call, afterSeq),
      onFailed: (end) => this.#finish(end),
    });
    this.#guest = guest;
    this.#calls = new HostCalls({
      parts,
      run,
      log,
      journal,
      recorder,
      onResponse,
      hand: async (seq, delivery) => await guest.hand(seq, delivery),
      onResult: () => this.#recordEnd(),
    });
  }

  start(): void {
    const { timeoutMs } = this.#options.version.config;
    if (timeoutMs !== undefined) {
      const end = timedOutEnd(formatDuration(timeoutMs));
      this.#stopTimeout = this.#options.parts.clock.after(timeoutMs, () => this.#finish(end));
    }
    // Recorded with what the first turn does, unless that takes long enough for somebody to wonder.
    this.#stopStartNote = this.#options.parts.clock.after(noteStartAfterMs, () => {
      const writes: Write[] = [];
      if (this.#end === null && !this.#abandoned) this.#noteStart(writes);
      if (writes.length > 0) this.#recorder.record(writes);
    });
    this.#guest.start();
  }

  cancel(reason: string): void {
    this.#finish(cancelledEnd(reason));
  }

  /** Lets go of the run without an end: the server stops, or the run was never recorded. Steps live on. */
  async abandon(): Promise<void> {
    this.#abandoned = true;
    this.#letGo = true;
    this.#stopTimeout?.();
    this.#guest.close();
    this.#calls.abandon();
    // A disk that fails must not hold up the end of the server.
    const { promise: waited, resolve } = Promise.withResolvers<void>();
    const stopWaiting = this.#options.parts.clock.after(abandonAfterMs, resolve);
    await Promise.race([this.#recorder.settled(), waited]);
    stopWaiting();
    this.#recorder.stop();
    this.log.end();
  }

  get #bundle(): PinnedVersion["bundle"] {
    return this.#options.version.bundle;
  }

  #takeTurn(turn: GuestTurn, afterSeq: number): void {
    if (this.#end !== null) return;
    const writes: Write[] = [];
    const effects: (() => void)[] = [];
    this.#noteStart(writes);
    if (turn.observed !== null) this.#noteObserved(turn.observed, afterSeq, writes);
    for (const { level, text, at } of turn.console) this.#note("console", level, text, at, writes, effects);
    for (const call of turn.calls) {
      if (!this.#journal.has(call.number)) this.#calls.take(call, afterSeq, writes, effects);
      else if (!this.#checkRepeated(call)) return;
    }
    if (turn.end?.type === "returned") this.#returned = endOfGuest(turn.end, this.#bundle);
    const failed = turn.end !== null && turn.end.type !== "returned" ? endOfGuest(turn.end, this.#bundle) : null;
    if (writes.length > 0) this.#recorder.record(writes, () => effects.forEach((effect) => effect()));
    const end = failed ?? this.#endIfDone();
    if (end !== null) this.#finish(end);
  }

  async #answer(call: GuestCall, afterSeq: number): Promise<Answer> {
    if (this.#journal.has(call.number)) {
      if (!this.#checkRepeated(call)) return { ok: false, error: { code: "NONDETERMINISTIC", message: "" } };
      const recorded = this.#journal.recordedOutcome(call.number);
      if (recorded !== undefined) return recorded;
    }
    return await this.#calls.answer(call, afterSeq);
  }

  /** False where the call differs from the recorded one: the run is over. */
  #checkRepeated(call: GuestCall): boolean {
    const difference = this.#journal.difference(call);
    if (difference !== null) this.#finish(failedEnd("NONDETERMINISTIC", difference, this.#bundle, call.stack));
    return difference === null;
  }

  /** The end of a script that has returned and waits for no step, or that waits for what never comes. */
  #endIfDone(): RunEnd | null {
    if (this.#guest.busy || this.#calls.delivering) return null;
    if (this.#returned !== null) return this.#calls.ongoing === 0 ? this.#returned : null;
    if (this.#journal.anyOpen) return null;
    return failedEnd("NEVER_SETTLES", "the script waits for something that can never happen", this.#bundle);
  }

  #finish(end: RunEnd): void {
    if (this.#end !== null || this.#abandoned) return;
    this.#end = end;
    this.#stopTimeout?.();
    this.#guest.close();
    this.#calls.stop();
    this.#recordEnd();
  }

  /** Records the end once no step of the run is left. */
  #recordEnd(): void {
    const end = this.#end;
    if (end === null || this.#calls.ongoing > 0 || this.#endRecorded) return;
    this.#endRecorded = true;
    const writes: Write[] = [];
    const effects: (() => void)[] = [];
    const at = this.#options.parts.clock.now();
    this.#noteStart(writes);
    if (end.error !== null) this.#note("system", "error", describeEnd(end), at, writes, effects);
    writes.push({ type: "run.finish", id: this.#options.run.id, ...end, at });
    this.#recorder.record(writes, () => {
      for (const effect of effects) effect();
      this.log.end();
      this.#options.onEnd(end.status);
      void tidyRun(this.#options.parts, this.#options.run.id);
    });
  }

  /** The store refuses what the run did, which no retry changes: the run ends with what is recorded so far. */
  async #endUnrecorded(cause: AppError): Promise<void> {
    if (this.#abandoned) return;
    const { parts, run, onEnd } = this.#options;
    parts.logger.error("a run could not be recorded and has failed", { run: run.id, reason: cause.message });
    this.#abandoned = true;
    this.#stopTimeout?.();
    this.#guest.close();
    const lost = this.#calls.lostSteps();
    this.#calls.stop();
    const end = failedEnd("INTERNAL", `the run could not be recorded: ${cause.message}`, this.#bundle);
    const at = parts.clock.now();
    const commit = (): Promise<void> => parts.store.commit([...lost, { type: "run.finish", id: run.id, ...end, at }]);
    try {
      await awaitStore(parts.clock, commit, () => this.#letGo);
      void tidyRun(parts, run.id);
    } catch (thrown) {
      parts.logger.error("nor could its end", { run: run.id, reason: String(thrown) });
    }
    this.log.end();
    onEnd(end.status);
  }

  #noteStart(writes: Write[]): void {
    if (this.#started) return;
    this.#started = true;
    this.#stopStartNote?.();
    writes.push({ type: "run.start", id: this.#options.run.id, at: this.#options.parts.clock.now() });
  }

  #noteObserved(observed: ObservedValues, afterSeq: number, writes: Write[]): void {
    const values = observed as unknown as JsonValue;
    const observations = { ordinal: this.#journal.nextObservation(), values, afterSeq };
    writes.push({ type: "journal.observe", runId: this.#options.run.id, observations });
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
    writes.push({ type: "log.line", runId: this.#options.run.id, seq, at, source, level, text });
    effects.push(() => this.log.publish({ seq, at, source, level, stepId: null, stepName: null, text }));
  }
}

function describeEnd({ status, error }: RunEnd): string {
  if (error === null) return status;
  const place = error.file === null ? "" : ` (${error.file}:${error.line})`;
  const hint = error.hint === null ? "" : ` — ${error.hint}`;
  const message = error.message.replaceAll(/\s*\n\s*/g, " ");
  return `${status.replace("_", " ")}: ${message}${place}${hint}`;
}
