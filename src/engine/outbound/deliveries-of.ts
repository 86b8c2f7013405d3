// The deliveries to destinations of one kind, under the names that this kind has for them.

import type { DeliveryDesk } from "./delivery-desk-contract.ts";

/** Each throws too where there is no destination of that name. */
export type DeliveryVerbs = Omit<DeliveryDesk, "send">;

/** @param idOf of the destination. @throws {AppError} where there is none. */
export function deliveriesOf(desk: DeliveryVerbs, idOf: (name: string) => string): DeliveryVerbs {
  return {
    list: async (name, asked) => await desk.list(idOf(name), asked),
    get: async (name, deliveryId) => await desk.get(idOf(name), deliveryId),
    retry: async (name, deliveryId) => await desk.retry(idOf(name), deliveryId),
    recover: async (name, since) => await desk.recover(idOf(name), since),
  };
}
