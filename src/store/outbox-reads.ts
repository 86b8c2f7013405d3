// What can be read of events, endpoints and deliveries.

import type { Delivery, DeliveryAttempt, DeliveryStatus, DestinationState } from "../core/delivery.ts";
import type { EventRecord } from "../core/event.ts";
import type { StoredEndpoint } from "./outbox-writes.ts";

export interface EventFilter {
  /** Exactly this type, or all that begin with it where it ends with a dot. */
  readonly type?: string;
  readonly pipeline?: string;
  readonly runId?: string;
}

export interface EventQuery extends EventFilter {
  /** From 1 to 500. */
  readonly limit: number;
  readonly cursor?: string;
}

export interface EventRange extends EventFilter {
  readonly afterSeq: number;
  readonly upToSeq: number;
  readonly limit: number;
}

export interface EventPage {
  /** Newest first. */
  readonly events: readonly EventRecord[];
  readonly nextCursor: string | null;
}

export interface EventReader {
  /** Behind this place, in order. */
  after(seq: number, limit: number): Promise<readonly EventRecord[]>;
  /** The first ones of a range that the filter takes, in order. */
  between(range: EventRange): Promise<readonly EventRecord[]>;
  /** The place of the last one; 0 where there is none. */
  newestSeq(): Promise<number>;
  find(id: string): Promise<EventRecord | undefined>;
  /** @throws {AppError} BAD_REQUEST for a limit or a cursor that cannot be. */
  list(query: EventQuery): Promise<EventPage>;
  /** Those that there are events of, other than samples, which can be of any. */
  types(): Promise<ReadonlySet<string>>;
  /** What is before this place was recorded before this time, or is not among the newest so many. */
  firstToKeep(since: number, newest: number): Promise<number>;
}

export interface EndpointReader {
  /** Those that were removed too. */
  all(): Promise<readonly StoredEndpoint[]>;
  states(): Promise<readonly DestinationState[]>;
}

export interface DeliveryQuery {
  readonly destination: string;
  /** From 1 to 500. */
  readonly limit: number;
  readonly cursor?: string;
  readonly status?: DeliveryStatus;
}

export interface DeliveryPage {
  /** Newest first. */
  readonly deliveries: readonly Delivery[];
  readonly nextCursor: string | null;
}

export interface DeliveryReader {
  /** Up to which place events have their deliveries. */
  fannedOutTo(): Promise<number>;
  /** The next of what is pending for a destination, those first that are due first. */
  pending(destination: string, limit: number): Promise<readonly Delivery[]>;
  /** Every destination for which something is pending. */
  destinationsWithPending(): Promise<readonly string[]>;
  find(id: string): Promise<Delivery | undefined>;
  /** @throws {AppError} BAD_REQUEST for a limit or a cursor that cannot be. */
  list(query: DeliveryQuery): Promise<DeliveryPage>;
  attempts(id: string): Promise<readonly DeliveryAttempt[]>;
  /** Given up at this time or later, oldest first, behind this id. */
  failedSince(destination: string, since: number, afterId: string, limit: number): Promise<readonly Delivery[]>;
  /** Any that finished before this time. */
  hasFinishedBefore(time: number): Promise<boolean>;
  /** Any of events at these places that were delivered or cancelled. */
  hasSettled(fromSeq: number, beforeSeq: number): Promise<boolean>;
}
