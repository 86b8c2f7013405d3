// An endpoint in memory, made of its row, of its declaration, or anew.

import type { StoredEndpoint } from "../../store/store.ts";
import {
  type DeclaredEndpoint,
  type Endpoint,
  endpointDefaults,
  type EndpointFields,
} from "../../webhooks/webhooks.ts";
import type { EndpointSecrets } from "./endpoint-vault.ts";

export interface KeptEndpoint {
  readonly endpoint: Endpoint;
  /** As they were given, the newest first. Null: they do not open with the key of this server. */
  readonly secrets: readonly string[] | null;
  /** Until when the second one counts; null: there is none, or a file says so. */
  readonly previousUntil: number | null;
}

/** Headers are not in it: their values are sealed. */
export function definitionOf(fields: EndpointFields): string {
  const { url, events, pipelines, when, enabled, signatureHeader, retryDelaysMs, ratePerMinute, description } = fields;
  const kept = { url, events, pipelines, when, enabled, signatureHeader, retryDelaysMs, ratePerMinute, description };
  return JSON.stringify(kept satisfies Omit<EndpointFields, "headers">);
}

export function fromStored(stored: StoredEndpoint, secrets: EndpointSecrets | null): KeptEndpoint {
  const { id, definition, createdAt, updatedAt, previousUntil } = stored;
  // What an earlier version did not know has its default.
  const fields = { ...endpointDefaults, ...(JSON.parse(definition) as EndpointFields) };
  const headers = secrets?.headers ?? {};
  return {
    endpoint: { ...fields, headers, id, name: null, source: "api", createdAt, updatedAt },
    secrets: secrets && [secrets.secret, ...(secrets.previous === null ? [] : [secrets.previous])],
    previousUntil,
  };
}

export function fromDeclared({ name, fields, secrets }: DeclaredEndpoint, now: number): KeptEndpoint {
  const endpoint = { ...fields, id: declaredId(name), name, source: "file", createdAt: now, updatedAt: now } as const;
  return { endpoint, secrets, previousUntil: null };
}

export function declaredId(name: string): string {
  return `ep_${name}`;
}
