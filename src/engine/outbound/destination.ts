// Somewhere that deliveries go: an endpoint, or a target of notifications. Attempts, lanes and records are the same for both.

import type { DestinationState } from "../../core/delivery.ts";
import type { EventRecord } from "../../core/event.ts";

/** What came of one try. */
export type AttemptOutcome =
  | {
      readonly type: "answered";
      readonly status: number;
      /** Names in lower case. */
      readonly headers: Readonly<Record<string, string>>;
      /** The first of it, as received. */
      readonly body: Uint8Array;
      readonly isCut: boolean;
      readonly durationMs: number;
    }
  | {
      readonly type: "failed";
      /** The class of it, in one word; `cancelled`: because of the signal. */
      readonly error: string;
      readonly message: string;
      readonly durationMs: number;
    };

export interface MadeAttempt {
  /** As they were sent, secrets masked. */
  readonly headers: Readonly<Record<string, string>>;
  readonly outcome: AttemptOutcome;
}

export interface Destination {
  readonly id: string;
  /** Waits before the attempts 2, 3, …. */
  readonly retryDelaysMs: readonly number[];
  /** Null: as many as there are. */
  readonly ratePerMinute: number | null;
  /** One try to send it; never rejects. `attempt` is its number, from 1. */
  attempt(
    event: EventRecord,
    delivery: { readonly id: string; readonly attempt: number },
    signal: AbortSignal,
  ): Promise<MadeAttempt>;
}

/** A destination, and what it is sent. */
export interface Subscription {
  readonly destination: Destination;
  /** Somebody wants it to be sent nothing for now. */
  readonly isOff: boolean;
  /** Whether it may be disabled where it fails for long. */
  readonly mayBeDisabled: boolean;
  wants(event: EventRecord): boolean;
}

/** Destinations of one kind, and what is known of each. */
export interface DestinationSource {
  list(): readonly Subscription[];
  /** Of one that is listed. */
  stateOf(id: string): DestinationState;
  /** After it was stored. */
  noteState(state: DestinationState): void;
  /** Called after each change of a destination or its state, and after it was removed; returns how to stop that. */
  onChange(listener: (id: string) => void): () => void;
}
