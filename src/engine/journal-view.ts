// What a live run knows of its own journal: enough to recognise its calls when the script is executed again, and to go
// on with those that have no result yet.

import type { JsonValue } from "../core/json.ts";
import { isNamed } from "./mask-secrets.ts";
import type { CallKind, GuestCall, ObservedValues } from "../sandbox/sandbox.ts";
import type { CallOutcome, Delivery, Journal, Write } from "../store/store.ts";

interface KnownCall {
  readonly kind: CallKind;
  readonly name: string;
  readonly argsHash: string;
  completed: boolean;
}

export class JournalView {
  readonly #calls = new Map<number, KnownCall>();
  readonly #open = new Map<CallKind, number>();
  /** Calls up to this number were made by an earlier life. */
  #earlierCalls = 0;
  #lastDelivery = 0;
  #lastObservation = 0;
  /** Answers of synchronous calls, while the run is replayed. */
  #recorded = new Map<number, CallOutcome>();

  get size(): number {
    return this.#calls.size;
  }

  /** True for a call that an earlier life of the run has made. */
  isEarlier(number: number): boolean {
    return number <= this.#earlierCalls;
  }

  /** True for a call that can still bring a result. */
  isOpen(number: number): boolean {
    return this.#calls.get(number)?.completed === false;
  }

  has(number: number): boolean {
    return this.#calls.has(number);
  }

  kindOf(number: number): CallKind | undefined {
    return this.#calls.get(number)?.kind;
  }

  /** Takes up what an earlier life of this run has recorded. */
  load({ calls, deliveries, observations }: Journal): void {
    for (const { outcome, kind, ...call } of calls) {
      this.add({ ...call, kind: kind as CallKind }, outcome !== undefined);
    }
    this.#earlierCalls = calls.at(-1)?.number ?? 0;
    this.#lastDelivery = deliveries.at(-1)?.seq ?? 0;
    this.#lastObservation = observations.at(-1)?.ordinal ?? 0;
  }

  add(
    { number, kind, name, argsHash }: Pick<GuestCall, "number" | (keyof KnownCall & keyof GuestCall)>,
    completed: boolean,
  ): void {
    this.#calls.set(number, { kind, name, argsHash, completed });
    if (!completed) this.#open.set(kind, this.countOpen(kind) + 1);
  }

  complete(number: number): void {
    const call = this.#calls.get(number);
    if (call === undefined || call.completed) return;
    call.completed = true;
    this.#open.set(call.kind, this.countOpen(call.kind) - 1);
  }

  /** No call that was made until now brings a result any more. */
  completeAll(): void {
    for (const number of this.#calls.keys()) this.complete(number);
  }

  /** Calls of this kind without a result. */
  countOpen(kind: CallKind): number {
    return this.#open.get(kind) ?? 0;
  }

  /** How many calls can still bring a result. */
  get open(): number {
    let sum = 0;
    for (const count of this.#open.values()) sum += count;
    return sum;
  }

  nextDelivery(): number {
    return ++this.#lastDelivery;
  }

  /** What records that the script has seen these values in the turn of that delivery. */
  observe(runId: string, observed: ObservedValues, afterSeq: number): Write {
    const values = observed as unknown as JsonValue;
    return { type: "journal.observe", runId, observations: { ordinal: ++this.#lastObservation, values, afterSeq } };
  }

  /** How a repeated call differs from the recorded one, as a sentence; null where it does not. */
  difference(call: GuestCall): string | null {
    const known = this.#calls.get(call.number);
    if (known === undefined) return null;
    if (known.kind !== call.kind || !isNamed(known.name, call.name)) {
      return `host call ${call.number} was ${describe(known)} the first time and is ${describe(call)} now`;
    }
    return known.argsHash === call.argsHash
      ? null
      : `host call ${call.number}, ${describe(call)}, has other arguments than the first time`;
  }

  /** Keeps the recorded answers of synchronous calls for a replay. */
  beginReplay(journal: Journal): void {
    this.#recorded = new Map();
    for (const { number, outcome } of journal.calls) if (outcome !== undefined) this.#recorded.set(number, outcome);
  }

  recordedOutcome(number: number): CallOutcome | undefined {
    return this.#recorded.get(number);
  }
}

/** The delivery by which a run was asked to end; undefined where it was not. */
export function findCancel(deliveries: readonly Delivery[]): Delivery | undefined {
  return deliveries.find(({ type }) => type === "cancel");
}

const kindNames: Readonly<Record<CallKind, string>> = {
  step: "step",
  timer: "timer",
  clear_timer: "cleared timer",
  abort: "end of a call",
  respond: "response",
  storage: "storage call",
  event: "event",
  notify: "notification",
  job: "note on a job",
  resource: "a question about a resource",
  var: "question for vars",
  dedupe: "question whether it is a duplicate",
  hmac: "signature",
  fetch: "fetch",
  volume: "volume call",
  artifact: "artifact",
  sandbox: "closing of a sandbox",
  block: "block",
  block_note: "further attempt of block",
  block_end: "end of block",
  approval: "approval",
  signal: "wait for a signal",
  child: "run of another pipeline",
  lock: "lock",
  unlock: "return of a lock",
  set_pipeline: "setting of pipeline",
};

function describe(call: { readonly kind: CallKind; readonly name: string }): string {
  return `${kindNames[call.kind]} ${JSON.stringify(call.name)}`;
}
