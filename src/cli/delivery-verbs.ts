// What commands ask of the server about deliveries to an endpoint or a target.

import type { DeliveryJson, DeliveryListJson, RecoveryJson, WholeDeliveryJson } from "../core/endpoint-json.ts";
import { havingOf } from "./api-answer.ts";

export interface DeliveryFilter {
  readonly status?: string | undefined;
  readonly limit: number;
}

/** Each is given the path of the destination: `endpointPath(id)`, `targetPath(name)`. */
export interface DeliveryVerbs {
  listDeliveries(destination: string, filter: DeliveryFilter): Promise<DeliveryListJson>;
  getDelivery(destination: string, delivery: string): Promise<WholeDeliveryJson>;
  retryDelivery(destination: string, delivery: string): Promise<DeliveryJson>;
  /** `since`: RFC 3339. */
  recoverDeliveries(destination: string, since: string): Promise<RecoveryJson>;
}

type Ask = (path: string, request?: { readonly method: "POST"; readonly body?: unknown }) => Promise<unknown>;

export function createDeliveryVerbs(url: string, ask: Ask): DeliveryVerbs {
  const having = havingOf(url);
  const pathOf = (destination: string, delivery: string): string =>
    `${destination}/deliveries/${encodeURIComponent(delivery)}`;
  return {
    async listDeliveries(destination, { status, limit }) {
      const query = new URLSearchParams({ limit: String(limit), ...(status === undefined ? {} : { status }) });
      return await having(ask(`${destination}/deliveries?${query.toString()}`), "deliveries");
    },
    getDelivery: async (destination, delivery) => await having(ask(pathOf(destination, delivery)), "attempts"),
    retryDelivery: async (destination, delivery) =>
      await having(ask(`${pathOf(destination, delivery)}/retry`, { method: "POST" }), "status"),
    recoverDeliveries: async (destination, since) =>
      await having(ask(`${destination}/recover`, { method: "POST", body: { since } }), "recovered"),
  };
}
