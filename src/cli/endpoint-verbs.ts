// What commands ask of the server about its endpoints, and what is sent to them.

import type {
  ChangedEndpointJson,
  DeliveryJson,
  DeliveryListJson,
  EndpointJson,
  EndpointListJson,
  EndpointWithSecretJson,
  RecoveryJson,
  WholeDeliveryJson,
} from "../core/endpoint-json.ts";
import { isRecord, notRunner } from "./api-answer.ts";

/** Fields of an endpoint as the API takes them; null is the default. */
export type EndpointBody = Readonly<Record<string, unknown>>;

export interface DeliveryFilter {
  readonly status?: string | undefined;
  readonly limit: number;
}

export interface EndpointVerbs {
  listEndpoints(): Promise<EndpointListJson>;
  getEndpoint(id: string): Promise<EndpointJson>;
  createEndpoint(body: EndpointBody): Promise<EndpointWithSecretJson>;
  changeEndpoint(id: string, body: EndpointBody): Promise<ChangedEndpointJson>;
  removeEndpoint(id: string): Promise<void>;
  rotateEndpointSecret(id: string, body: EndpointBody): Promise<EndpointWithSecretJson>;
  /** Waits for the first attempt. */
  testEndpoint(id: string, eventType: string): Promise<WholeDeliveryJson>;
  listDeliveries(id: string, filter: DeliveryFilter): Promise<DeliveryListJson>;
  getDelivery(id: string, delivery: string): Promise<WholeDeliveryJson>;
  retryDelivery(id: string, delivery: string): Promise<DeliveryJson>;
  /** `since`: RFC 3339. */
  recoverDeliveries(id: string, since: string): Promise<RecoveryJson>;
}

interface Request {
  readonly method: "POST" | "PATCH" | "DELETE";
  readonly body?: unknown;
  readonly timeoutMs?: number;
}

type Ask = (path: string, request?: Request) => Promise<unknown>;

/** More than a receiver may take. */
const attemptTimeoutMs = 60_000;
const all = "/v1/webhooks";

export function createEndpointVerbs(url: string, ask: Ask): EndpointVerbs {
  const path = (id: string): string => `${all}/${encodeURIComponent(id)}`;
  const deliveryPath = (id: string, delivery: string): string =>
    `${path(id)}/deliveries/${encodeURIComponent(delivery)}`;
  /** An answer that has this field is the one. */
  const having = async <T>(answer: Promise<unknown>, field: keyof T & string): Promise<T> => {
    const value = await answer;
    if (isRecord(value) && value[field] !== undefined) return value as T;
    throw notRunner(url);
  };
  return {
    listEndpoints: async () => await having(ask(all), "webhooks"),
    getEndpoint: async (id) => await having(ask(path(id)), "events"),
    createEndpoint: async (body) => await having(ask(all, { method: "POST", body }), "secret"),
    changeEndpoint: async (id, body) => await having(ask(path(id), { method: "PATCH", body }), "warnings"),
    removeEndpoint: async (id) => void (await ask(path(id), { method: "DELETE" })),
    rotateEndpointSecret: async (id, body) =>
      await having(ask(`${path(id)}/rotate-secret`, { method: "POST", body }), "secret"),
    async testEndpoint(id, eventType) {
      const body = { event_type: eventType };
      return await having(ask(`${path(id)}/test`, { method: "POST", body, timeoutMs: attemptTimeoutMs }), "attempts");
    },
    async listDeliveries(id, { status, limit }) {
      const query = new URLSearchParams({ limit: String(limit), ...(status === undefined ? {} : { status }) });
      return await having(ask(`${path(id)}/deliveries?${query.toString()}`), "deliveries");
    },
    getDelivery: async (id, delivery) => await having(ask(deliveryPath(id, delivery)), "attempts"),
    retryDelivery: async (id, delivery) =>
      await having(ask(`${deliveryPath(id, delivery)}/retry`, { method: "POST" }), "status"),
    recoverDeliveries: async (id, since) =>
      await having(ask(`${path(id)}/recover`, { method: "POST", body: { since } }), "recovered"),
  };
}
