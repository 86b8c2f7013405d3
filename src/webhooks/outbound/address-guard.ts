// Which addresses may be connected to. An address is judged as the number it is, whatever text it came from; one that
// carries an IPv4 address within it is judged by both.

import { embeddedIpv4, formatIpAddress, type IpAddress, isInNetwork } from "../../core/ip-address.ts";
import { type AddressKind, globalIpv6, specialNetworks } from "./special-networks.ts";

export interface OutboundPolicy {
  /** Loopback and private addresses are refused too. */
  readonly denyPrivate: boolean;
  /** `http` is allowed to public addresses too. */
  readonly allowHttp: boolean;
}

interface AddressNature {
  readonly kind: AddressKind;
  /** What it is, in words. */
  readonly name: string;
}

const strictness: readonly AddressKind[] = ["public", "loopback", "private", "never"];

/** The strictest of what it is itself and of what is within it. */
function natureOf(address: IpAddress): AddressNature {
  const within = embeddedIpv4(address).map((each): AddressNature => {
    const { kind, name } = natureOf(each);
    return { kind, name: `${formatIpAddress(each)} within IPv6: ${name}` };
  });
  return [natureOfItself(address, within.length > 0), ...within].reduce((strictest, each) =>
    strictness.indexOf(each.kind) > strictness.indexOf(strictest.kind) ? each : strictest,
  );
}

function natureOfItself(address: IpAddress, carries: boolean): AddressNature {
  const found = specialNetworks.find(({ network }) => isInNetwork(address, network));
  if (found !== undefined) return found;
  const isPublic = address.bits === 32 || carries || isInNetwork(address, globalIpv6);
  return isPublic ? { kind: "public", name: "public" } : { kind: "never", name: "reserved" };
}

/** Why nothing is sent to this address, in words that follow it: null where it may be. */
export function findRefusal(address: IpAddress, isHttps: boolean, policy: OutboundPolicy): string | null {
  const { kind, name } = natureOf(address);
  if (kind === "never") return `is ${name}: nothing is ever sent there`;
  if (kind !== "public") return policy.denyPrivate ? `is ${name}: --outbound-deny-private refuses it` : null;
  if (isHttps || policy.allowHttp) return null;
  return "is public: http would show the delivery to everybody on the way, so use https (or --outbound-allow-http)";
}
