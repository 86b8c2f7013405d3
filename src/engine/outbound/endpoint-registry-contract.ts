// The endpoints there are, as whoever sends to them sees them.

import type { DestinationState } from "../../core/delivery.ts";
import type { Endpoint } from "../../webhooks/webhooks.ts";

/** What of an endpoint is secret, looked up for each attempt. */
export type EndpointCredentials =
  /** `secrets`: the newest first; two while one is exchanged for the other. */
  | { readonly ok: true; readonly secrets: readonly string[]; readonly headers: Readonly<Record<string, string>> }
  /** `field` cannot be used now; `message` never has any part of a secret. */
  | { readonly ok: false; readonly field: string; readonly message: string };

export interface EndpointSource {
  /** All, disabled ones too. A changed one is another object. */
  list(): readonly Endpoint[];
  /** Undefined where there is none, or no longer. */
  find(id: string): Endpoint | undefined;
  /** What is known of it beside its definition. @throws {AppError} ENDPOINT_NOT_FOUND, ENDPOINT_GONE. */
  stateOf(id: string): DestinationState;
  /** After it was stored, by `destination.put` in the commit of what it came from. */
  noteState(state: DestinationState): void;
  /** References are resolved, and the values masked from now on. Never rejects. */
  credentialsOf(id: string): Promise<EndpointCredentials>;
  /** Called after each change of the definition or the state of an endpoint, and after it was removed; returns how to stop that. */
  onChange(listener: (id: string) => void): () => void;
}
