// What can be asked of the deliveries to one destination, by those who answer for it.

import type { Delivery, DeliveryAttempt, DeliveryStatus } from "../../core/delivery.ts";
import type { EventData, EventRecord } from "../../core/event.ts";
import type { DeliveryPage } from "../../store/store.ts";

export interface WholeDelivery {
  readonly delivery: Delivery;
  readonly event: EventRecord;
  /** In their order. */
  readonly attempts: readonly DeliveryAttempt[];
}

export interface DeliveriesAsked {
  /** From 1 to 500. */
  readonly limit: number;
  readonly cursor?: string;
  readonly status?: DeliveryStatus;
}

/** All of a destination that exists: whoever calls has looked. */
export interface DeliveryDesk {
  /**
   * Sends an event to this endpoint alone, whatever it subscribes to and though it is disabled. Resolves when its first
   * attempt is on record, whatever came of it; it is tried again like any other.
   */
  send(endpointId: string, event: { readonly type: string; readonly data: EventData }): Promise<WholeDelivery>;
  /** Newest first. @throws {AppError} BAD_REQUEST for the cursor. */
  list(destination: string, asked: DeliveriesAsked): Promise<DeliveryPage>;
  /** @throws {AppError} DELIVERY_NOT_FOUND, also where it is another destination's. */
  get(destination: string, deliveryId: string): Promise<WholeDelivery>;
  /** Begins its attempts anew, also of one that was delivered; a pending one is due at once. @throws {AppError} DELIVERY_NOT_FOUND. */
  retry(destination: string, deliveryId: string): Promise<Delivery>;
  /** Begins anew what was given up at this time or later, in milliseconds since 1970; how many. */
  recover(destination: string, since: number): Promise<number>;
}
