// Who may send a webhook, and how often: what is asked of a request before its body is read, and once it is believed.

import { AppError } from "../core/app-error.ts";
import type { Clock } from "../core/clock.ts";
import {
  type IpAddress,
  type IpNetwork,
  isInNetwork,
  isLoopback,
  parseIpAddress,
  parseIpNetwork,
  providerKey,
  senderKey,
  siteKey,
} from "../core/ip-address.ts";
import type { WebhookConfig } from "../core/pipeline-config.ts";
import { type Bucket, RateLimiter } from "./rate-limiter.ts";

/** Of a pipeline without a secret, from another machine; whoever signs is known, and this machine is ours. */
const unsignedPerMinute = 60;
const wholePipeline = "pipeline";
/**
 * As many times the rate of one sender a site may have together, and all sites of a provider: both have so many networks
 * that a rate for each would be none, and a bucket for each would leave none for others.
 */
const sendersOfSite = 8;
const sendersOfProvider = 64;

interface Gate {
  readonly allowed: readonly IpNetwork[] | null;
  /** Of IPv4 apart from IPv6, where networks are cheap: who fills one leaves the other as it is. */
  readonly addresses: Readonly<Record<IpAddress["bits"], RateLimiter>>;
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
   * Why the request is refused before its body is read; null: it is not. Its `details.reason` is what records have.
   * @param sender as {@link RequestHead} has its address. Where it is none, a list of addresses keeps the sender out, and
   *   all such count as one.
   */
  checkSender(webhook: WebhookConfig, sender: string | null, isSigned: boolean): AppError | null {
    const { allowed, addresses } = this.#gateOf(webhook);
    const address = sender === null ? undefined : parseIpAddress(sender);
    if (allowed !== null && (address === undefined || !allowed.some((network) => isInNetwork(address, network)))) {
      return new AppError(
        "ADDRESS_NOT_ALLOWED",
        `${address === undefined ? "an unknown address" : sender} may not call this webhook`,
        {
          hint: "the pipeline's config.webhook.allow lists who may; behind a proxy see --trusted-proxies",
          details: { reason: "address_not_allowed" },
        },
      );
    }
    if (webhook.rate === false) return null;
    const isLocal = sender === null || (address !== undefined && isLoopback(address));
    const perMinute = webhook.rate?.perAddressPerMinute ?? (isSigned || isLocal ? null : unsignedPerMinute);
    if (perMinute === null) return null;
    const waitMs =
      address === undefined
        ? addresses[32].take({ key: sender ?? "socket", perMinute })
        : addresses[address.bits].take(...bucketsOf(address, perMinute));
    return waitMs === 0
      ? null
      : tooMany(perMinute, { reason: "rate_limited_address", whose: "from one address", waitMs });
  }

  /** The same once the request is believed: what others forge uses up nothing. */
  checkRate(webhook: WebhookConfig): AppError | null {
    const perMinute = webhook.rate === false ? undefined : webhook.rate?.perMinute;
    if (perMinute === undefined) return null;
    const waitMs = this.#gateOf(webhook).pipeline.take({ key: wholePipeline, perMinute });
    return waitMs === 0
      ? null
      : tooMany(perMinute, { reason: "rate_limited_pipeline", whose: "of this pipeline", waitMs });
  }

  #gateOf(webhook: WebhookConfig): Gate {
    const known = this.#gates.get(webhook);
    if (known !== undefined) return known;
    const allowed = webhook.allow?.map(parseIpNetwork).filter((network) => network !== undefined) ?? null;
    const addresses = { 32: new RateLimiter(this.#clock), 128: new RateLimiter(this.#clock) };
    const gate = { allowed, addresses, pipeline: new RateLimiter(this.#clock) };
    this.#gates.set(webhook, gate);
    return gate;
  }
}

function bucketsOf(address: IpAddress, perMinute: number): readonly Bucket[] {
  const sender = { key: senderKey(address), perMinute };
  if (address.bits === 32) return [sender];
  return [
    { key: providerKey(address), perMinute: perMinute * sendersOfProvider },
    { key: siteKey(address), perMinute: perMinute * sendersOfSite },
    sender,
  ];
}

interface Excess {
  /** As records have it. */
  readonly reason: string;
  readonly whose: string;
  readonly waitMs: number;
}

function tooMany(perMinute: number, { reason, whose, waitMs }: Excess): AppError {
  return new AppError("RATE_LIMITED", `more than ${perMinute} requests a minute ${whose} are refused`, {
    hint: "the pipeline's config.webhook.rate says how many there may be",
    details: { reason, retry_after_seconds: Math.ceil(waitMs / 1000) },
  });
}
