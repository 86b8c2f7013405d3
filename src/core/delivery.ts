// The words of deliveries: one event for one destination, and each attempt to send it.

export const deliveryStatuses = ["pending", "delivered", "failed", "cancelled"] as const;
export type DeliveryStatus = (typeof deliveryStatuses)[number];

/** Times are milliseconds since the Unix epoch. */
export interface Delivery {
  /** `dlv_…` */
  readonly id: string;
  /** The endpoint `ep_…`, or the target `tgt_…`. */
  readonly destination: string;
  readonly eventSeq: number;
  readonly eventId: string;
  readonly eventType: string;
  readonly status: DeliveryStatus;
  /** Attempts that were made. */
  readonly attempts: number;
  /** Attempts made when its present round began: it is sent again by hand where that is not 0. */
  readonly earlierAttempts: number;
  /** When the next attempt is due; null where there is none. */
  readonly nextAttemptAt: number | null;
  readonly createdAt: number;
  readonly finishedAt: number | null;
}

/** One try. */
export interface DeliveryAttempt {
  /** From 1, over all rounds. */
  readonly number: number;
  readonly at: number;
  readonly durationMs: number;
  /** As they were sent, secrets masked. */
  readonly requestHeaders: Readonly<Record<string, string>>;
  /** Null where nothing was answered. */
  readonly status: number | null;
  /** Why nothing was: a class and words; null where something was. */
  readonly error: { readonly code: string; readonly message: string } | null;
  /** The first 16 KiB, as received. */
  readonly response: Uint8Array;
  readonly isResponseCut: boolean;
}

/** What is known of an endpoint or a target beside how it is defined. */
export interface DestinationState {
  readonly id: string;
  /** Only events behind this one are for it. */
  readonly afterSeq: number;
  /** Since when all attempts have failed; null: the last one did not. */
  readonly failingSince: number | null;
  /** When that was told, by an event and in the log; null: it was not. */
  readonly failingToldAt: number | null;
  readonly disabledAt: number | null;
  /** In words. */
  readonly disabledReason: string | null;
}
