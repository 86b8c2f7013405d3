// Which events each endpoint is sent: those of its patterns and pipelines for which its condition holds.

import type { EventJson } from "../../core/event-json.ts";
import { eventToJson } from "../../core/event-json.ts";
import type { EventRecord } from "../../core/event.ts";
import { type Endpoint, matchesEvent, remember } from "../../webhooks/webhooks.ts";
import { loadExpressions } from "../load-expressions.ts";
import type { Destination, DestinationSource, Subscription } from "./destination.ts";
import type { EndpointSource } from "./endpoint-registry-contract.ts";

export interface EndpointSubscriptionsOptions {
  readonly endpoints: EndpointSource;
  readonly toDestination: (endpoint: Endpoint) => Destination;
  readonly metadata: Readonly<Record<string, string>>;
  readonly now: () => number;
  /** A condition could not be evaluated, so that it does not hold. */
  readonly onProblem: (endpoint: string, problem: string) => void;
}

export class EndpointSubscriptions implements DestinationSource {
  readonly #options: EndpointSubscriptionsOptions;
  /** A changed endpoint is another object. */
  readonly #made = new WeakMap<Endpoint, Subscription>();
  /** Of the event that was asked about last: all endpoints ask about the same. */
  #envelope: { readonly event: EventRecord; readonly json: EventJson } | null = null;

  constructor(options: EndpointSubscriptionsOptions) {
    this.#options = options;
  }

  list(): readonly Subscription[] {
    return this.#options.endpoints.list().map((endpoint) => this.#of(endpoint));
  }

  stateOf: DestinationSource["stateOf"] = (id) => this.#options.endpoints.stateOf(id);

  noteState: DestinationSource["noteState"] = (state) => this.#options.endpoints.noteState(state);

  onChange: DestinationSource["onChange"] = (listener) => this.#options.endpoints.onChange(listener);

  #of(endpoint: Endpoint): Subscription {
    const known = this.#made.get(endpoint);
    if (known !== undefined) return known;
    // 100 patterns of 1,000 endpoints for each event would be 5 ms of it; types repeat.
    const matches = remember((type) => matchesEvent(endpoint.events, type));
    const subscription: Subscription = {
      destination: this.#options.toDestination(endpoint),
      isOff: !endpoint.enabled,
      mayBeDisabled: true,
      wants: (event) => matches(event.type) && this.#wants(endpoint, event),
    };
    this.#made.set(endpoint, subscription);
    return subscription;
  }

  /** One of a type that matches. */
  #wants({ id, pipelines, when }: Endpoint, event: EventRecord): boolean {
    if (pipelines.length > 0 && (event.pipeline === null || !pipelines.includes(event.pipeline))) return false;
    // Whoever sends to one endpoint makes its delivery too.
    if (event.target?.startsWith("ep_") === true) return false;
    // That it fails cannot be told to itself.
    if (event.type.startsWith("endpoint.") && event.data["endpoint_id"] === id) return false;
    return when === null || this.#holds(id, when, event);
  }

  #holds(id: string, when: string, event: EventRecord): boolean {
    const { metadata, now, onProblem } = this.#options;
    if (this.#envelope?.event !== event) this.#envelope = { event, json: eventToJson(event, metadata) };
    const result = loadExpressions().evaluateEventCondition(when, this.#envelope.json, now);
    if (!result.ok) onProblem(id, result.message);
    return result.ok && result.value;
  }
}
