// Synchronous host calls: the sandbox process stands still until each is answered, so the answer is made at once.

import { toAppError } from "../core/app-error.ts";
import type { Clock } from "../core/clock.ts";
import type { JsonValue } from "../core/json.ts";
import type { GuestCall } from "../sandbox/sandbox.ts";
import type { CallOutcome, NewRun, Store } from "../store/store.ts";
import type { JournalView } from "./journal-view.ts";
import { completeWrite, startedWrite } from "./journal-writes.ts";
import type { RunRecorder } from "./run-recorder.ts";
import { isClaimed } from "./script-claim.ts";

export interface AskedCallsOptions {
  readonly store: Pick<Store, "values" | "commit" | "deliveries">;
  readonly clock: Pick<Clock, "now" | "after">;
  readonly run: Pick<NewRun, "id" | "pipeline" | "seed" | "createdAt">;
  readonly journal: JournalView;
  readonly recorder: RunRecorder;
}

export class AskedCalls {
  readonly #options: AskedCallsOptions;
  readonly #answering = new Set<Promise<CallOutcome>>();

  constructor(options: AskedCallsOptions) {
    this.#options = options;
  }

  /** The answer of a call, new or begun before; it is on record when this resolves. */
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
    const { journal, recorder, run, clock } = this.#options;
    const known = journal.has(call.number);
    if (!known) journal.add(call, true);
    // A value that this run has just set is among what is not yet durable.
    await recorder.settled();
    const outcome = await (call.kind === "dedupe" ? this.#isDuplicate(call) : this.#readStorage(call));
    const startedAt = clock.now();
    const complete = completeWrite(run.id, call.number, outcome, startedAt);
    const isRecorded = await recorder.recorded(
      known ? [complete] : [startedWrite(run.id, call, { afterSeq, startedAt }), complete],
    );
    return isRecorded ? outcome : runOver;
  }

  async #isDuplicate({ args }: GuestCall): Promise<CallOutcome> {
    const { store, run, clock, recorder } = this.#options;
    const { expression, value } = args as { readonly expression: string; readonly value: JsonValue };
    try {
      const isOver = (): boolean => recorder.stopped;
      return { ok: true, value: await isClaimed({ store, clock, run, expression, value, isOver }) };
    } catch (thrown) {
      return failedOutcome(thrown);
    }
  }

  async #readStorage({ name, args }: GuestCall): Promise<CallOutcome> {
    const { store, run } = this.#options;
    const { key = "", prefix = "" } = args as { key?: string; prefix?: string };
    try {
      const { values } = store;
      const value = await (name === "get" ? values.get(run.pipeline, key) : values.keys(run.pipeline, prefix));
      return { ok: true, value };
    } catch (thrown) {
      return failedOutcome(thrown);
    }
  }
}

const runOver: CallOutcome = { ok: false, error: { code: "RUN_CANCELLED", message: "the run has ended" } };

/** What a call is answered that failed. */
export function failedOutcome(thrown: unknown): CallOutcome {
  const { code, message, hint } = toAppError(thrown);
  return { ok: false, error: { code, message, ...(hint === undefined ? {} : { hint }) } };
}
