// Whether a webhook has come before: a repetition begins no run, unless what it began did not succeed.

import type { InboundRequest } from "../core/inbound-request.ts";
import type { WebhookConfig } from "../core/pipeline-config.ts";
import type { Store, Write } from "../store/store.ts";
import { deliveryWindowMs, keyOfBody, keyOfId, keyOfValue } from "./delivery-key.ts";
import type { RepeatedWarnings } from "./repeated-warnings.ts";
import { evaluateDedupe } from "./webhook-condition.ts";

/** A request that is believed and wanted. */
interface WantedRequest {
  readonly pipeline: string;
  readonly webhook: WebhookConfig;
  readonly request: InboundRequest;
  /** As its sender calls the delivery; empty where it says nothing. */
  readonly deliveryId: string;
  readonly receivedAt: number;
}

export interface KnownBefore {
  /** The run that it began, which goes on or has succeeded: it begins no other. */
  readonly duplicateOf: string | null;
  /** The run that it began, which did not succeed. */
  readonly retryOf: string | null;
  /** The run that the same body began as another delivery. */
  readonly sameBodyAs: string | null;
  /** What makes the run that it begins now known; the commit fails with DUPLICATE_DELIVERY where another was quicker. */
  readonly claim: (runId: string) => readonly Write[];
}

/** Of a request that counts as new, and of which nobody will know again. */
export const notKnown: KnownBefore = { duplicateOf: null, retryOf: null, sameBodyAs: null, claim: () => [] };

export class KnownDeliveries {
  readonly #store: Pick<Store, "deliveries">;
  readonly #warnings: RepeatedWarnings;

  constructor(store: Pick<Store, "deliveries">, warnings: RepeatedWarnings) {
    this.#store = store;
    this.#warnings = warnings;
  }

  async look(wanted: WantedRequest): Promise<KnownBefore> {
    const { pipeline, receivedAt } = wanted;
    const key = this.#keyOf(wanted);
    if (key === null) return notKnown;
    const found = await this.#store.deliveries.find(pipeline, key);
    const known = found !== undefined && found.receivedAt >= receivedAt - deliveryWindowMs ? found : undefined;
    const body = keyOfBody(wanted.request.body);
    const knownSince = receivedAt - deliveryWindowMs;
    const isOther = known === undefined && body !== null;
    const sameBodyAs = isOther ? await this.#store.deliveries.findBody(pipeline, body, knownSince) : undefined;
    return {
      duplicateOf: known?.isUndone === false ? known.runId : null,
      retryOf: known?.isUndone === true ? known.runId : null,
      sameBodyAs: sameBodyAs ?? null,
      claim: (runId) => [{ type: "delivery.claim", pipeline, key, runId, at: receivedAt, body, knownSince }],
    };
  }

  #keyOf({ pipeline, webhook, request, deliveryId, receivedAt }: WantedRequest): Uint8Array | null {
    const { dedupe } = webhook;
    if (dedupe === false) return null;
    if (dedupe === undefined) return deliveryId === "" ? null : keyOfId(request.provider, deliveryId);
    const result = evaluateDedupe(dedupe, request, receivedAt);
    if (result.ok) return keyOfValue(dedupe, result.value);
    // Twice is better than never.
    const [reason, detail] = ["dedupe_invalid", result.message];
    this.#warnings.warn("a webhook's `dedupe` has no value, so it counts as new", { pipeline, reason, detail });
    return null;
  }
}
