// Whether a webhook has come before: a repetition begins no run, unless what it began did not succeed.

import { AppError } from "../core/app-error.ts";
import type { InboundRequest } from "../core/inbound-request.ts";
import type { WebhookConfig } from "../core/pipeline-config.ts";
import type { SameBody, Store, Write } from "../store/store.ts";
import { deliveryWindowMs, keyOfBody, keyOfValue } from "./delivery-key.ts";
import { RecentKeys } from "./recent-keys.ts";
import type { RepeatedWarnings } from "./repeated-warnings.ts";
import { evaluateDedupe } from "./webhook-condition.ts";

/** A request that is believed and wanted. */
interface WantedRequest {
  readonly pipeline: string;
  readonly webhook: WebhookConfig;
  readonly request: InboundRequest;
  /** Of the id that its sender gives the delivery; null where it says nothing. */
  readonly idKey: Uint8Array | null;
  readonly receivedAt: number;
  /** It begins a run whatever it began before. */
  readonly isForced: boolean;
}

/** A run that another one repeats. */
export interface RepeatedRun {
  readonly runId: string;
  readonly seed: string;
}

export interface KnownBefore {
  /** The run that it began, which goes on or has succeeded: it begins no other. */
  readonly duplicateOf: string | null;
  /** The run that it began, and that is begun once more. */
  readonly again: RepeatedRun | null;
  /** Which other deliveries are looked for, where it is a new one. */
  readonly sameBody: SameBody | undefined;
  /** What makes the run that it begins now known; the commit fails with DUPLICATE_DELIVERY where it is a repetition. */
  readonly claim: (runId: string) => readonly Write[];
}

/** Of a request of which nobody will know again. */
const notKnown: KnownBefore = { duplicateOf: null, again: null, sameBody: undefined, claim: () => [] };

export class KnownDeliveries {
  readonly #store: Pick<Store, "deliveries">;
  readonly #warnings: RepeatedWarnings;
  readonly #recent = new RecentKeys();

  constructor(store: Pick<Store, "deliveries">, warnings: RepeatedWarnings) {
    this.#store = store;
    this.#warnings = warnings;
  }

  /**
   * What is known of it. Asking the store would cost each new request a tenth of its time, so of one that was not
   * claimed lately the claim itself tells: after DUPLICATE_DELIVERY it is known here.
   */
  async look(wanted: WantedRequest): Promise<KnownBefore> {
    const key = this.#keyOf(wanted);
    if (key === null) return notKnown;
    const { pipeline, request, receivedAt, isForced } = wanted;
    const isAsked = isForced || this.#recent.has(key);
    this.#recent.add(key);
    const knownSince = receivedAt - deliveryWindowMs;
    const found = isAsked ? await this.#store.deliveries.find(pipeline, key) : undefined;
    const known = found !== undefined && found.receivedAt >= knownSince ? found : null;
    const body = keyOfBody(request.body);
    const common = { type: "delivery.claim", pipeline, key, at: receivedAt, body, knownSince } as const;
    const insteadOf = known?.runId ?? null;
    return {
      duplicateOf: known?.isUndone === false && !isForced ? known.runId : null,
      again: known,
      sameBody: known === null && body !== null ? { body, since: knownSince } : undefined,
      claim: (runId) => [{ ...common, runId, insteadOf }],
    };
  }

  #keyOf({ pipeline, webhook, request, idKey, receivedAt }: WantedRequest): Uint8Array | null {
    const { dedupe } = webhook;
    if (dedupe === false) return null;
    if (dedupe === undefined) return idKey;
    const result = evaluateDedupe(dedupe, request, receivedAt);
    if (result.ok) return keyOfValue(dedupe, result.value);
    // Twice is better than never.
    const [reason, detail] = ["dedupe_invalid", result.message];
    this.#warnings.warn("a webhook's `dedupe` has no value, so it counts as new", { pipeline, reason, detail });
    return null;
  }
}

/** True of the error of a claim. */
export function isRepetition(thrown: unknown): boolean {
  return thrown instanceof AppError && thrown.code === "DUPLICATE_DELIVERY";
}
