// What a live run knows of its own journal: enough to recognise its calls when the script is executed again.

import type { CallKind, GuestCall } from "../sandbox/sandbox.ts";
import type { CallOutcome, Journal } from "../store/store.ts";

interface KnownCall {
  readonly kind: CallKind;
  readonly name: string;
  readonly argsHash: string;
  completed: boolean;
}

export class JournalView {
  readonly #calls = new Map<number, KnownCall>();
  readonly #open = new Map<CallKind, number>();
  #lastDelivery = 0;
  #lastObservation = 0;
  /** Answers of synchronous calls, while the run is replayed. */
  #recorded = new Map<number, CallOutcome>();

  get size(): number {
    return this.#calls.size;
  }

  has(number: number): boolean {
    return this.#calls.has(number);
  }

  kindOf(number: number): CallKind | undefined {
    return this.#calls.get(number)?.kind;
  }

  add(call: GuestCall, completed: boolean): void {
    this.#calls.set(call.number, { kind: call.kind, name: call.name, argsHash: call.argsHash, completed });
    if (!completed) this.#open.set(call.kind, this.countOpen(call.kind) + 1);
  }

  complete(number: number): void {
    const call = this.#calls.get(number);
    if (call === undefined || call.completed) return;
    call.completed = true;
    this.#open.set(call.kind, this.countOpen(call.kind) - 1);
  }

  /** Calls of this kind without a result. */
  countOpen(kind: CallKind): number {
    return this.#open.get(kind) ?? 0;
  }

  /** True while any call can still bring a result. */
  get anyOpen(): boolean {
    for (const count of this.#open.values()) if (count > 0) return true;
    return false;
  }

  nextDelivery(): number {
    return ++this.#lastDelivery;
  }

  nextObservation(): number {
    return ++this.#lastObservation;
  }

  /** How a repeated call differs from the recorded one, as a sentence; null where it does not. */
  difference(call: GuestCall): string | null {
    const known = this.#calls.get(call.number);
    if (known === undefined) return null;
    if (known.kind !== call.kind || known.name !== call.name) {
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

const kindNames: Readonly<Record<CallKind, string>> = {
  step: "step",
  timer: "timer",
  clear_timer: "cleared timer",
  respond: "response",
  storage: "storage call",
  hmac: "signature",
  fetch: "fetch",
  volume: "volume call",
  artifact: "artifact",
  sandbox: "closing of a sandbox",
};

function describe(call: { readonly kind: CallKind; readonly name: string }): string {
  return `${kindNames[call.kind]} ${JSON.stringify(call.name)}`;
}
