// What can be written of events, endpoints and deliveries. Events of runs and steps are written by the store itself.

import type { Delivery, DeliveryAttempt, DestinationState } from "../core/delivery.ts";
import type { NewEvent } from "../core/event.ts";

export type EventWrite =
  /** Its place among all, and among those of its run, comes with it. */
  | { readonly type: "event.put"; readonly event: NewEvent }
  /**
   * Removes those from one place to before another that nothing needs: a delivery does, and the next event of a run that
   * has not ended, whose place follows from the last one's.
   */
  | { readonly type: "event.trim"; readonly fromSeq: number; readonly beforeSeq: number };

/** An endpoint that was made by the API. */
export interface StoredEndpoint {
  readonly id: string;
  /** All but the secrets. */
  readonly definition: string;
  /** The secret, or the reference to it, sealed. */
  readonly secret: Uint8Array;
  /** The one before it, which counts until `previousUntil`. */
  readonly previousSecret: Uint8Array | null;
  readonly previousUntil: number | null;
  readonly createdAt: number;
  readonly updatedAt: number;
  /** A removed one leaves its id, so that it is told from one that never was. */
  readonly removedAt: number | null;
}

export type EndpointWrite =
  /** Replaces the one of the same id. */
  | { readonly type: "endpoint.put"; readonly endpoint: StoredEndpoint }
  | { readonly type: "destination.put"; readonly state: DestinationState }
  | { readonly type: "destination.remove"; readonly id: string };

export type DeliveryWrite =
  /** All events up to this place have their deliveries. */
  | { readonly type: "outbox.put"; readonly seq: number }
  | { readonly type: "delivery.create"; readonly delivery: Delivery }
  /** What has become of it: replaces all but its event and destination. */
  | { readonly type: "delivery.put"; readonly delivery: Delivery }
  | { readonly type: "delivery.attempt"; readonly deliveryId: string; readonly attempt: DeliveryAttempt }
  /** Ends some of what is pending for a destination. */
  | { readonly type: "delivery.cancel_pending"; readonly destination: string; readonly at: number }
  /** Gives up some of what is pending for a destination. */
  | { readonly type: "delivery.fail_pending"; readonly destination: string; readonly at: number }
  /** Removes a few of those that finished before this time. */
  | { readonly type: "delivery.trim"; readonly before: number }
  /** Removes some of these events' that were delivered or cancelled; given up ones can still be sent again. */
  | { readonly type: "delivery.trim_settled"; readonly fromSeq: number; readonly beforeSeq: number };
