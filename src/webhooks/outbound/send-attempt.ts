// One attempt without its clock: the name is looked up once, each address judged, and one of them asked.

import { failureCode } from "../../core/network-failure.ts";
import { type ChooseAddresses, refusalText } from "./choose-addresses.ts";
import { describeSendFailure, type DescribedFailure } from "./describe-send-failure.ts";
import { exchange, type ExchangeAnswer } from "./exchange.ts";
import type { OutboundUrl } from "./outbound-url.ts";
import type { PeerMemory } from "./peer-memory.ts";
import type { ResolveName } from "./resolve-name.ts";
import type { OutboundRequest } from "./send-outcome.ts";

export interface AttemptParts {
  readonly choose: ChooseAddresses;
  readonly resolve: ResolveName;
  readonly peers: PeerMemory;
  /** PEM; instead of the authorities of the runtime. */
  readonly ca: string | undefined;
}

export interface AttemptTerms {
  readonly url: OutboundUrl;
  readonly request: OutboundRequest;
  readonly signal: AbortSignal;
  /** Which address is asked from now on. */
  readonly onAddress: (address: string) => void;
  /** The head of the answer is here. Gives when nobody waits for its body any longer. */
  readonly onHead: () => Promise<null>;
}

/** Whoever writes the answers of a name server could have a whole network searched. */
const maxTried = 8;

/** Never rejects. */
export async function attemptToSend(
  { choose, resolve, peers, ca }: AttemptParts,
  { url, request, signal, onAddress, onHead }: AttemptTerms,
): Promise<ExchangeAnswer | DescribedFailure> {
  const found = await addressesOf(url, resolve);
  if ("error" in found) return found;
  const { allowed, refused } = choose(found, url);
  let failure: DescribedFailure =
    refused.length === 0 ? unknownName(url) : { error: "address_refused", message: refusalText(url, refused) };
  for (const address of peers.order(allowed, url.port).slice(0, maxTried)) {
    if (signal.aborted) return failure;
    onAddress(address);
    try {
      const isWarm = peers.isWarm(address, url.port);
      const answer = await exchange({ address, url, request, isWarm, ca, signal, onHead });
      peers.noteAnswered(address, url.port);
      return answer.status >= 200 ? answer : noStatus(address, url, answer.status);
    } catch (thrown) {
      const { error, message } = describeSendFailure(thrown);
      failure = { error, message: `${address} port ${url.port}: ${message}` };
      if (!signal.aborted) peers.noteFailed(address, url.port);
      // Only here is it certain that nothing was sent: another address may be tried.
      if (error !== "connect") return failure;
    }
  }
  return failure;
}

/** Asked for once an attempt: what is judged is what is connected to. */
async function addressesOf(url: OutboundUrl, resolve: ResolveName): Promise<readonly string[] | DescribedFailure> {
  if (url.address !== null) return [url.address];
  try {
    return await resolve(url.host);
  } catch (thrown) {
    const code = failureCode(thrown).replace(/^DNS_/, "");
    return code === "ENOTFOUND" || code === "ENODATA" ? unknownName(url) : noAnswer(url, code);
  }
}

function unknownName({ host }: OutboundUrl): DescribedFailure {
  return { error: "dns", message: `there is no host named ${host}` };
}

function noAnswer({ host }: OutboundUrl, code: string): DescribedFailure {
  const why = /^\w{1,40}$/.test(code) ? ` (${code})` : "";
  return { error: "dns", message: `${host} could not be looked up: the name servers gave no answer${why}` };
}

/** RFC 9110 §15: the runtime takes any three digits. */
function noStatus(address: string, url: OutboundUrl, status: number): DescribedFailure {
  return { error: "protocol", message: `${address} port ${url.port}: it answered with status ${status}` };
}
