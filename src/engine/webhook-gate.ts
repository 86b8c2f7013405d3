// Who may send a webhook, and how often: what is asked of a request before its body is read, and once it is believed.

import { AppError } from "../core/app-error.ts";
import type { Clock } from "../core/clock.ts";
import {
  type IpNetwork,
  isInNetwork,
  isLoopback,
  parseIpAddress,
  parseIpNetwork,
  senderKey,
} from "../core/ip-address.ts";
import type { WebhookConfig } from "../core/pipeline-config.ts";
import { RateLimiter } from "./rate-limiter.ts";

/** Of a pipeline without a secret, from another machine; whoever signs is known, and this machine is ours. */
const unsignedPerMinute = 60;
const wholePipeline = "pipeline";

export interface TurnedAway {
  readonly reason: "address_not_allowed" | "rate_limited_address" | "rate_limited_pipeline";
  readonly error: AppError;
}

interface Gate {
  readonly allowed: readonly IpNetwork[] | null;
  readonly addresses: RateLimiter;
  readonly pipeline: RateLimiter;
}

export class WebhookGate {
  readonly #clock: Pick<Clock, "elapsed">;
  /** By the config of a version: saved anew, a pipeline counts anew. */
  readonly #gates = new WeakMap<WebhookConfig, Gate>();

  constructor(clock: Pick<Clock, "elapsed">) {
    this.#clock = clock;
  }

  /**
   * Before the body is read.
   * @param sender IP address; null: not known. Then a list of addresses keeps it out, and all such count as one sender.
   */
  checkSender(webhook: WebhookConfig, sender: string | null, isSigned: boolean): TurnedAway | null {
    const { allowed, addresses } = this.#gateOf(webhook);
    const address = sender === null ? undefined : parseIpAddress(sender);
    if (allowed !== null && (address === undefined || !allowed.some((network) => isInNetwork(address, network)))) {
      const error = new AppError("ADDRESS_NOT_ALLOWED", `${sender ?? "an unknown address"} may not call this webhook`, {
        hint: "the pipeline's config.webhook.allow lists who may; behind a proxy see --trusted-proxies",
      });
      return { reason: "address_not_allowed", error };
    }
    if (webhook.rate === false) return null;
    const isLocal = address === undefined || isLoopback(address);
    const perMinute = webhook.rate?.perAddressPerMinute ?? (isSigned || isLocal ? null : unsignedPerMinute);
    if (perMinute === null) return null;
    const waitMs = addresses.take(address === undefined ? "unknown" : senderKey(address), perMinute);
    return waitMs === 0
      ? null
      : { reason: "rate_limited_address", error: tooMany(perMinute, "from one address", waitMs) };
  }

  /** Once the request is believed: what others forge uses up nothing. */
  checkRate(webhook: WebhookConfig): TurnedAway | null {
    const perMinute = webhook.rate === false ? undefined : webhook.rate?.perMinute;
    if (perMinute === undefined) return null;
    const waitMs = this.#gateOf(webhook).pipeline.take(wholePipeline, perMinute);
    return waitMs === 0
      ? null
      : { reason: "rate_limited_pipeline", error: tooMany(perMinute, "of this pipeline", waitMs) };
  }

  #gateOf(webhook: WebhookConfig): Gate {
    const known = this.#gates.get(webhook);
    if (known !== undefined) return known;
    const allowed = webhook.allow?.map(parseIpNetwork).filter((network) => network !== undefined) ?? null;
    const gate = { allowed, addresses: new RateLimiter(this.#clock), pipeline: new RateLimiter(this.#clock) };
    this.#gates.set(webhook, gate);
    return gate;
  }
}

function tooMany(perMinute: number, whose: string, waitMs: number): AppError {
  return new AppError("RATE_LIMITED", `more than ${perMinute} requests a minute ${whose} are refused`, {
    hint: "the pipeline's config.webhook.rate says how many there may be",
    details: { retry_after_seconds: Math.ceil(waitMs / 1000) },
  });
}
