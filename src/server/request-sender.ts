// Who sends a request, by the word of trusted proxies; and a line in the log where one of them does not give it.

import { findSender, isTrustedPeer, type TrustedProxies } from "../core/trusted-proxies.ts";
import type { Logger } from "../telemetry/telemetry.ts";

/**
 * @param peer who connects; null: by the unix socket.
 * @returns as {@link findSender} has it.
 */
export type FindRequestSender = (peer: string | null, forwardedFor: string | undefined) => string | null;

/** A program on a proxy's machine may call without it, so what comes without the header is not refused for that. */
export function createSenderFinder(trusted: TrustedProxies, logger?: Pick<Logger, "warn">): FindRequestSender {
  let isWarned = false;
  return (peer, forwardedFor) => {
    if (!isWarned && forwardedFor === undefined && isTrustedPeer(peer, trusted)) {
      isWarned = true;
      logger?.warn(
        "a webhook came from a trusted proxy without X-Forwarded-For, so the proxy counts as its sender: if that is no program on its machine, make the proxy set the header",
        { peer: peer ?? "unix" },
      );
    }
    return findSender(peer, forwardedFor, trusted);
  };
}
