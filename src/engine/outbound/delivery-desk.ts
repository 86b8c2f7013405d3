// What is asked of deliveries: sent to one destination alone, listed, sent again.

import { AppError } from "../../core/app-error.ts";
import type { Clock } from "../../core/clock.ts";
import type { Delivery } from "../../core/delivery.ts";
import { type EventRecord, eventId } from "../../core/event.ts";
import type { Store } from "../../store/store.ts";
import type { DeliveriesAsked, DeliveryDesk, WholeDelivery } from "./delivery-desk-contract.ts";
import type { DeliveryAttempts } from "./delivery-attempts.ts";
import type { Destinations } from "./destinations.ts";
import type { Lanes } from "./lanes.ts";

export interface DeliveryDeskOptions {
  readonly store: Pick<Store, "commit" | "events" | "outbound">;
  readonly clock: Pick<Clock, "now">;
  readonly destinations: Pick<Destinations, "find">;
  readonly lanes: Pick<Lanes, "hold" | "letGo" | "poke" | "signal">;
  readonly attempts: Pick<DeliveryAttempts, "make">;
  readonly newDeliveryId: () => string;
  readonly randomBytes: (count: number) => Uint8Array;
}

/** Of one transaction. */
const recoveredAtOnce = 500;

export class StandardDeliveryDesk implements DeliveryDesk {
  readonly #options: DeliveryDeskOptions;

  constructor(options: DeliveryDeskOptions) {
    this.#options = options;
  }

  async send(endpointId: string, { type, data }: Parameters<DeliveryDesk["send"]>[1]): Promise<WholeDelivery> {
    const { store, clock, destinations, lanes, attempts, newDeliveryId, randomBytes } = this.#options;
    const now = clock.now();
    const id = eventId(now, randomBytes(8));
    const event = { id, type, createdAt: now, runId: null, pipeline: null, target: endpointId, data };
    await store.commit([{ type: "event.put", event }]);
    const delivery: Delivery = {
      id: newDeliveryId(),
      destination: endpointId,
      eventSeq: (await this.#eventOf(id)).seq,
      eventId: id,
      eventType: type,
      status: "pending",
      attempts: 0,
      earlierAttempts: 0,
      nextAttemptAt: now,
      createdAt: now,
      finishedAt: null,
    };
    await lanes.hold(endpointId, delivery.id);
    try {
      await store.commit([{ type: "delivery.create", delivery }]);
      const subscription = destinations.find(endpointId);
      if (subscription !== undefined) await attempts.make(subscription, delivery, { signal: lanes.signal });
    } finally {
      lanes.letGo(endpointId, delivery.id);
    }
    return await this.get(endpointId, delivery.id);
  }

  async list(destination: string, { limit, cursor, status }: DeliveriesAsked): ReturnType<DeliveryDesk["list"]> {
    return await this.#options.store.outbound.list({
      destination,
      limit,
      ...(cursor === undefined ? {} : { cursor }),
      ...(status === undefined ? {} : { status }),
    });
  }

  async get(destination: string, deliveryId: string): Promise<WholeDelivery> {
    const delivery = await this.#find(destination, deliveryId);
    const event = await this.#eventOf(delivery.eventId);
    return { delivery, event, attempts: await this.#options.store.outbound.attempts(deliveryId) };
  }

  async retry(destination: string, deliveryId: string): Promise<Delivery> {
    const { lanes, clock, store } = this.#options;
    // What is being sent this moment needs no push.
    if (!(await lanes.hold(destination, deliveryId))) return await this.#find(destination, deliveryId);
    try {
      const again = beginAnew(await this.#find(destination, deliveryId), clock.now());
      await store.commit([{ type: "delivery.put", delivery: again }]);
      return again;
    } finally {
      lanes.letGo(destination, deliveryId);
    }
  }

  async recover(destination: string, since: number): Promise<number> {
    const { store, clock, lanes } = this.#options;
    let count = 0;
    let last = "";
    for (;;) {
      const failed = await store.outbound.failedSince(destination, since, last, recoveredAtOnce);
      if (failed.length === 0) return count;
      const now = clock.now();
      await store.commit(failed.map((each) => ({ type: "delivery.put", delivery: beginAnew(each, now) }) as const));
      lanes.poke([destination]);
      count += failed.length;
      last = failed.at(-1)?.id ?? last;
    }
  }

  async #find(destination: string, deliveryId: string): Promise<Delivery> {
    const found = await this.#options.store.outbound.find(deliveryId);
    if (found?.destination === destination) return found;
    throw new AppError("DELIVERY_NOT_FOUND", `there is no delivery ${shorten(deliveryId)} to ${destination}`, {
      hint: "`runner webhooks deliveries ID` and `runner notify deliveries TARGET` list them; finished ones go with old runs",
    });
  }

  async #eventOf(id: string): Promise<EventRecord> {
    const event = await this.#options.store.events.find(id);
    if (event !== undefined) return event;
    throw new AppError("INTERNAL", `the event ${id} of a delivery is not on record`);
  }
}

/** The whole schedule once more. */
function beginAnew(delivery: Delivery, now: number): Delivery {
  const { attempts } = delivery;
  return { ...delivery, status: "pending", earlierAttempts: attempts, nextAttemptAt: now, finishedAt: null };
}

function shorten(id: string): string {
  return JSON.stringify(id.slice(0, 100));
}
