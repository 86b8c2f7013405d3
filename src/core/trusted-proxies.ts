// Proxies whose word about a sender's address is taken, and who a request is from by what they say.

import { AppError } from "./app-error.ts";
import {
  formatIpAddress,
  type IpAddress,
  type IpNetwork,
  isInNetwork,
  parseIpAddress,
  parseIpNetwork,
} from "./ip-address.ts";

export interface TrustedProxies {
  readonly networks: readonly IpNetwork[];
  /** Whoever connects by the unix socket is one. */
  readonly unix: boolean;
  /** As written, for people. */
  readonly text: string;
}

export const noProxies: TrustedProxies = { networks: [], unix: false, text: "" };

/**
 * Networks and addresses between commas or spaces, and the word `unix`.
 * @throws {AppError} VALIDATION_FAILED naming the first that is neither.
 */
export function parseTrustedProxies(text: string): TrustedProxies {
  const words = text.split(/[\s,]+/).filter((word) => word !== "");
  const networks = words
    .filter((word) => word !== "unix")
    .map((word) => {
      const network = parseIpNetwork(word);
      if (network !== undefined) return network;
      throw new AppError("VALIDATION_FAILED", `${JSON.stringify(word)} is not an address or a network`, {
        hint: 'write them like "127.0.0.1, 10.0.0.0/8, fd00::/8", and "unix" for a proxy that connects by --socket',
      });
    });
  return { networks, unix: words.includes("unix"), text: words.join(", ") };
}

/** A sender whom a proxy does not name: it may be anybody, so it is neither this machine nor on a list of addresses. */
export const unknownSender = "unknown";

/** @param peer who connects; null: by the unix socket. */
export function isTrustedPeer(peer: string | null, trusted: TrustedProxies): boolean {
  const address = peer === null ? undefined : parseIpAddress(peer);
  return peer === null ? trusted.unix : address !== undefined && isTrusted(address, trusted);
}

/**
 * Who sent a request: of the addresses in X-Forwarded-For the right-most that is not itself a trusted proxy's, where a
 * trusted proxy connects, else who connects. Each proxy adds on the right whom it was called by, so what is further left
 * is anybody's invention, and an entry that is no address keeps to itself who called.
 * @returns {@link unknownSender} there, and null on a unix socket where nobody trusted says who it is.
 */
export function findSender(
  peer: string | null,
  forwardedFor: string | undefined,
  trusted: TrustedProxies,
): string | null {
  let sender = peer === null ? undefined : parseIpAddress(peer);
  if (forwardedFor !== undefined && isTrustedPeer(peer, trusted)) {
    for (const entry of forwardedFor.split(",").toReversed()) {
      sender = parseEntry(entry.trim());
      if (sender === undefined) return unknownSender;
      if (!isTrusted(sender, trusted)) break;
    }
  }
  return sender === undefined ? peer : formatIpAddress(sender);
}

function isTrusted(address: IpAddress, { networks }: TrustedProxies): boolean {
  return networks.some((network) => isInNetwork(address, network));
}

/** Some proxies add a port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function parseEntry(entry: string): IpAddress | undefined {
  const inBrackets = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(entry)?.[1];
  const withoutPort = /^([\d.]+):\d{1,5}$/.exec(entry)?.[1];
  return parseIpAddress(inBrackets ?? withoutPort ?? entry);
}
