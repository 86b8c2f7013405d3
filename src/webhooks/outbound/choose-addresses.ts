// The addresses of a receiver that may be connected to, and why the others may not.

import { formatIpAddress, parseIpAddress } from "../../core/ip-address.ts";
import { findRefusal, type OutboundPolicy } from "./address-guard.ts";
import type { OutboundUrl } from "./outbound-url.ts";
import { remember } from "./remember.ts";

export interface Choice {
  /** As text that is made of the number which was judged: no zone, no other spelling. */
  readonly allowed: readonly string[];
  readonly refused: readonly Refusal[];
}

export interface Refusal {
  readonly address: string;
  /** In words that follow the address. */
  readonly why: string;
}

/** What was found of the host of a URL, as text. */
export type ChooseAddresses = (found: readonly string[], url: OutboundUrl) => Choice;

/**
 * A host with several addresses is reached by those that are allowed: a name of mDNS has a link-local address beside
 * its private one, and nobody ever connects to the former.
 */
export function createChooser(policy: OutboundPolicy): ChooseAddresses {
  const judgeHttps = remember((text) => judge(text, true, policy));
  const judgeHttp = remember((text) => judge(text, false, policy));
  return (found, { isHttps }) => {
    const verdicts = found.map(isHttps ? judgeHttps : judgeHttp);
    return {
      allowed: [...new Set(verdicts.flatMap(({ allowed }) => allowed))],
      refused: [...new Set(verdicts.flatMap(({ refused }) => refused))],
    };
  };
}

/** Why nothing can be sent, where every address is refused. */
export function refusalText(url: OutboundUrl, refused: readonly Refusal[]): string {
  if (url.address !== null) return refused.map(({ address, why }) => `${address} ${why}`).join("; ");
  return `${url.host} resolves to ${refused.map(({ address, why }) => `${address}, which ${why}`).join("; and to ")}`;
}

function judge(text: string, isHttps: boolean, policy: OutboundPolicy): Choice {
  const address = parseIpAddress(text);
  if (address === undefined) return refuse(JSON.stringify(text.slice(0, 60)), "is no address");
  const written = formatIpAddress(address);
  const why = findRefusal(address, isHttps, policy);
  return why === null ? { allowed: [written], refused: [] } : refuse(written, why);
}

function refuse(address: string, why: string): Choice {
  return { allowed: [], refused: [{ address, why }] };
}
