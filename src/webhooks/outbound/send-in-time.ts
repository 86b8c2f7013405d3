// An attempt within its time: the name, the connection and the head of the answer; its body has a little of the rest.

import type { Clock } from "../../core/clock.ts";
import { formatDuration } from "../../core/duration.ts";
import type { DescribedFailure } from "./describe-send-failure.ts";
import type { ExchangeAnswer } from "./exchange.ts";
import type { OutboundUrl } from "./outbound-url.ts";
import { attemptToSend, type AttemptParts } from "./send-attempt.ts";
import type { OutboundRequest } from "./send-outcome.ts";

/** A body is worth no longer a wait: the status says all that matters to a delivery. */
const maxBodyMs = 2000;

export const cancelled: DescribedFailure = { error: "cancelled", message: "it was ended before there was an answer" };

/** What ends sends from outside: each is told once. */
export type Cancels = Set<() => void>;

/** Ends at once when the signal is aborted or it is cancelled, whatever the connection is doing. Never rejects. */
export async function sendInTime(
  parts: AttemptParts,
  clock: Clock,
  url: OutboundUrl,
  request: OutboundRequest,
  cancels: Cancels,
  signal: AbortSignal | undefined,
): Promise<ExchangeAnswer | DescribedFailure> {
  const { timeoutMs } = request;
  const startedAt = clock.elapsed();
  const connection = new AbortController();
  const bodyTime = Promise.withResolvers<null>();
  const { promise: stopped, resolve } = Promise.withResolvers<DescribedFailure>();
  const stop = (failure: DescribedFailure): void => {
    resolve(failure);
    connection.abort();
  };
  let asked: string | null = null;
  let cancelTimer = clock.after(timeoutMs, () => {
    if (asked !== null) parts.peers.noteFailed(asked, url.port);
    const what = asked === null ? `${url.host} was not looked up` : `${asked} port ${url.port} did not answer`;
    stop({ error: "timeout", message: `${what} within ${formatDuration(timeoutMs)}` });
  });
  const cancel = (): void => stop(cancelled);
  cancels.add(cancel);
  signal?.addEventListener("abort", cancel, { once: true });
  // It may have been aborted while this waited for its turn.
  if (signal?.aborted === true) cancel();
  const onHead = (): Promise<null> => {
    cancelTimer();
    const leftMs = timeoutMs - (clock.elapsed() - startedAt);
    cancelTimer = clock.after(Math.max(0, Math.min(maxBodyMs, leftMs)), () => bodyTime.resolve(null));
    return bodyTime.promise;
  };
  const onAddress = (address: string): void => void (asked = address);
  const attempt = attemptToSend(parts, { url, request, signal: connection.signal, onAddress, onHead });
  const ended = await Promise.race([stopped, attempt]);
  cancelTimer();
  cancels.delete(cancel);
  signal?.removeEventListener("abort", cancel);
  // What is left of an answer comes for ever, perhaps. A connection whose answer was read whole is kept.
  if ("error" in ended || ended.isCut) connection.abort();
  return ended;
}
