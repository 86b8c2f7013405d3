// A notification on its way to one target.

import type { JsonValue } from "../../../core/json.ts";
import type { Notification } from "../../../core/notification.ts";

export interface OutgoingNotification extends Notification {
  /** Of the delivery: the same for each of its attempts, so that a service that knows it shows one message. */
  readonly id: string;
  /** The event as endpoints get it. */
  readonly event: JsonValue;
}
