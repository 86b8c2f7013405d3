// Sends requests to receivers and judges URLs, taking it for granted that the guard works.

import { type Clock, systemClock } from "../../core/clock.ts";
import type { OutboundPolicy } from "./address-guard.ts";
import { createChooser, refusalText } from "./choose-addresses.ts";
import type { DescribedFailure } from "./describe-send-failure.ts";
import type { ExchangeAnswer } from "./exchange.ts";
import { createAddressFinder, type FindAddresses } from "./find-addresses.ts";
import { parseOutboundUrl } from "./outbound-url.ts";
import { createPeerMemory } from "./peer-memory.ts";
import { remember } from "./remember.ts";
import { createNameResolver, type ResolveName } from "./resolve-name.ts";
import type { AttemptParts } from "./send-attempt.ts";
import { cancelled, type Cancels, sendInTime } from "./send-in-time.ts";
import { createSendSlots } from "./send-slots.ts";
import type { OutboundRequest, SendOutcome } from "./send-outcome.ts";

export interface Sender {
  /** Never rejects. What waits for others before it begins does so outside its own time. */
  send(request: OutboundRequest, signal?: AbortSignal): Promise<SendOutcome>;
  /** Why nothing could ever be sent there, in a sentence; null where it could. An unknown name may be known later. */
  checkUrl(url: string): Promise<string | null>;
  /** The addresses of a host that may be connected to, for what is no request: a mail. Never rejects. */
  findAddresses: FindAddresses;
  /** Cancels what is under way. */
  close(): void;
}

export interface SenderOptions extends OutboundPolicy {
  readonly resolve?: ResolveName;
  readonly clock?: Clock;
  /** PEM; instead of the authorities of the runtime. */
  readonly ca?: string;
}

const maxLookupMs = 5000;

export function createSender(options: SenderOptions): Sender {
  const { clock = systemClock, resolve = createNameResolver(), denyPrivate, allowHttp, ca } = options;
  const choose = createChooser({ denyPrivate, allowHttp });
  const parse = remember(parseOutboundUrl);
  const parts: AttemptParts = { choose, resolve, peers: createPeerMemory(() => clock.elapsed()), ca };
  const slots = createSendSlots(clock);
  const cancels: Cancels = new Set();

  async function sendNow(
    request: OutboundRequest,
    signal: AbortSignal | undefined,
  ): Promise<ExchangeAnswer | DescribedFailure> {
    const url = parse(request.url);
    if ("problem" in url) return { error: "address_refused", message: `the URL ${url.problem}` };
    return await sendInTime(parts, clock, url, request, cancels, signal);
  }

  async function lookUp(host: string): Promise<readonly string[]> {
    const { promise: givenUp, resolve: giveUp } = Promise.withResolvers<readonly string[]>();
    const cancelTimer = clock.after(maxLookupMs, () => giveUp([]));
    const found = await Promise.race([givenUp, resolve(host).catch(() => [])]);
    cancelTimer();
    return found;
  }

  return {
    async send(request, signal) {
      const place = await slots.take(request.receiver ?? request.url, signal);
      if (place === null) return { type: "failed", ...cancelled, durationMs: 0 };
      const startedAt = clock.elapsed();
      const ended = await sendNow(request, signal);
      place.free();
      const durationMs = Math.round(clock.elapsed() - startedAt);
      return "error" in ended ? { type: "failed", ...ended, durationMs } : { type: "answered", ...ended, durationMs };
    },
    async checkUrl(text) {
      const url = parseOutboundUrl(text);
      if ("problem" in url) return `the URL ${url.problem}`;
      const addresses = url.address === null ? await lookUp(url.host) : [url.address];
      const { allowed, refused } = choose(addresses, url);
      return allowed.length > 0 || refused.length === 0 ? null : refusalText(url, refused);
    },
    findAddresses: createAddressFinder(lookUp, choose),
    close() {
      slots.close();
      for (const cancel of cancels) cancel();
    },
  };
}
