// What commands ask of the server about its endpoints.

import type {
  ChangedEndpointJson,
  EndpointJson,
  EndpointListJson,
  EndpointWithSecretJson,
  WholeDeliveryJson,
} from "../core/endpoint-json.ts";
import { havingOf } from "./api-answer.ts";

/** Fields of an endpoint as the API takes them; null is the default. */
export type EndpointBody = Readonly<Record<string, unknown>>;

export interface EndpointVerbs {
  listEndpoints(): Promise<EndpointListJson>;
  getEndpoint(id: string): Promise<EndpointJson>;
  createEndpoint(body: EndpointBody): Promise<EndpointWithSecretJson>;
  changeEndpoint(id: string, body: EndpointBody): Promise<ChangedEndpointJson>;
  removeEndpoint(id: string): Promise<void>;
  rotateEndpointSecret(id: string, body: EndpointBody): Promise<EndpointWithSecretJson>;
  /** Waits for the first attempt. */
  testEndpoint(id: string, eventType: string): Promise<WholeDeliveryJson>;
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

export function endpointPath(id: string): string {
  return `${all}/${encodeURIComponent(id)}`;
}

export function createEndpointVerbs(url: string, ask: Ask): EndpointVerbs {
  const having = havingOf(url);
  return {
    listEndpoints: async () => await having(ask(all), "webhooks"),
    getEndpoint: async (id) => await having(ask(endpointPath(id)), "events"),
    createEndpoint: async (body) => await having(ask(all, { method: "POST", body }), "secret"),
    changeEndpoint: async (id, body) => await having(ask(endpointPath(id), { method: "PATCH", body }), "warnings"),
    removeEndpoint: async (id) => void (await ask(endpointPath(id), { method: "DELETE" })),
    rotateEndpointSecret: async (id, body) =>
      await having(ask(`${endpointPath(id)}/rotate-secret`, { method: "POST", body }), "secret"),
    async testEndpoint(id, eventType) {
      const body = { event_type: eventType };
      return await having(
        ask(`${endpointPath(id)}/test`, { method: "POST", body, timeoutMs: attemptTimeoutMs }),
        "attempts",
      );
    },
  };
}
