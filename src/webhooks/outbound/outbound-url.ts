// A URL that deliveries go to, taken apart. WHATWG URL writes an IPv4 address in decimal, octal, hexadecimal or short
// form as four numbers, so what is judged here is what would be connected to.

import { formatIpAddress, parseIpAddress } from "../../core/ip-address.ts";

export interface OutboundUrl {
  readonly isHttps: boolean;
  /** A name without a dot at its end, or an address without brackets. */
  readonly host: string;
  /** Where the host is one, as it is usually written. */
  readonly address: string | null;
  readonly port: number;
  /** For the Host header: with the port where it is not that of the scheme. */
  readonly authority: string;
  /** With the query. */
  readonly path: string;
}

const maxLength = 4096;

/** Or why it cannot be one, in words that follow the URL. */
export function parseOutboundUrl(text: string): OutboundUrl | { readonly problem: string } {
  if (text.length > maxLength) return { problem: `has over ${maxLength} characters` };
  if (!/^[!-~\u0080-\u{10FFFF}]*$/u.test(text)) return { problem: "has a space or a control character in it" };
  const url = URL.parse(text);
  if (url === null || !/^https?:\/\//i.test(text)) {
    return { problem: "is not a URL of http or https, like https://nas.example/hook" };
  }
  if (url.username !== "" || url.password !== "") {
    return { problem: "has a user or a password in it: send them as a header, like Authorization" };
  }
  if (text.includes("#")) return { problem: "has a # in it: what follows is never sent to a server" };
  if (url.port === "0") return { problem: "has port 0, where nothing can listen" };
  const isHttps = url.protocol === "https:";
  const name = url.hostname.replace(/\.$/, "");
  const host = name.replace(/^\[(.*)\]$/, "$1");
  if (host === "" || host.endsWith(".")) return { problem: "has no host" };
  const address = parseIpAddress(host);
  return {
    isHttps,
    host,
    address: address === undefined ? null : formatIpAddress(address),
    port: url.port === "" ? (isHttps ? 443 : 80) : Number(url.port),
    authority: url.port === "" ? name : `${name}:${url.port}`,
    path: url.pathname + url.search,
  };
}
