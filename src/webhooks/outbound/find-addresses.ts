// The addresses of a host that may be connected to, for what is no request: a mail.

import { formatIpAddress, parseIpAddress } from "../../core/ip-address.ts";
import { type ChooseAddresses, refusalText } from "./choose-addresses.ts";

/** At least one, or why there are none. Never rejects. */
export type FindAddresses = (
  host: string,
) => Promise<
  | { readonly ok: true; readonly addresses: readonly string[] }
  | { readonly ok: false; readonly error: "address_refused" | "dns"; readonly message: string }
>;

/** @param lookUp gives none where the name is not known. */
export function createAddressFinder(
  lookUp: (name: string) => Promise<readonly string[]>,
  choose: ChooseAddresses,
): FindAddresses {
  return async (text) => {
    const host = text.replace(/\.$/, "");
    const parsed = parseIpAddress(host);
    const address = parsed === undefined ? null : formatIpAddress(parsed);
    const addresses = address === null ? await lookUp(host) : [address];
    if (addresses.length === 0) return { ok: false, error: "dns", message: `${host} has no address` };
    // Encrypted or not is a question of its own.
    const url = { isHttps: true, host, address, port: 0, authority: host, path: "" };
    const { allowed, refused } = choose(addresses, url);
    if (allowed.length > 0) return { ok: true, addresses: allowed };
    return { ok: false, error: "address_refused", message: refusalText(url, refused) };
  };
}
