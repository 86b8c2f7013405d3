// One request to one address that was judged before, and the beginning of its answer.
//
// It is `fetch` to the address itself, with the name in Host and for TLS. Measured on Bun 1.4.5, also compiled: nothing
// is looked up again; the certificate is checked for `serverName`, and kept connections are shared only by requests of
// the same address, port and `serverName`; `proxy: false` overrides HTTP_PROXY and `rejectUnauthorized` the variable
// against it; an aborted answer of 100 MB had sent 5 MB into the buffers of the system, a head over 0.3–2 MB is refused.
// `node:http` with `lookup` does the same by way of `fetch`, in more steps.

import { isHopByHop } from "../../core/header-field.ts";
import packageFile from "../../../package.json" with { type: "json" };
import type { OutboundUrl } from "./outbound-url.ts";
import { readBeginning, type Beginning } from "./read-beginning.ts";
import type { OutboundRequest } from "./send-outcome.ts";

export interface ExchangeTerms {
  /** Judged; IPv6 without brackets. */
  readonly address: string;
  readonly url: OutboundUrl;
  readonly request: OutboundRequest;
  /** A kept connection may be used, and this one be kept. */
  readonly isWarm: boolean;
  /** PEM; instead of the authorities of the runtime. */
  readonly ca: string | undefined;
  readonly signal: AbortSignal;
  /** The head of the answer is here. Gives when nobody waits for its body any longer. */
  readonly onHead: () => Promise<null>;
}

export interface ExchangeAnswer extends Beginning {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
}

const userAgent = `runner/${packageFile.version}`;

const maxHeaderBytes = 16 * 1024;

/** Rejects with what the runtime throws. */
export async function exchange(terms: ExchangeTerms): Promise<ExchangeAnswer> {
  const { address, url, request, isWarm, signal, onHead } = terms;
  const at = address.includes(":") ? `[${address}]` : address;
  const isWithoutBody = request.body.length === 0 || request.method === "GET" || request.method === "HEAD";
  const response = await fetch(`${url.isHttps ? "https" : "http"}://${at}:${url.port}${url.path}`, {
    method: request.method,
    headers: headersOf(request, url),
    body: isWithoutBody ? undefined : (request.body as Uint8Array<ArrayBuffer>),
    redirect: "manual",
    // What is recorded is what was received, and a bomb stays as small as it came.
    decompress: false,
    keepalive: isWarm,
    // A proxy would look the name up itself.
    proxy: false as never,
    tls: url.isHttps ? tlsOf(terms) : undefined,
    signal,
  } as BunFetchRequestInit);
  const beginning = await readBeginning(response, onHead());
  return { status: response.status, headers: toHeaders(response.headers), ...beginning };
}

function tlsOf({ url, ca }: ExchangeTerms): BunFetchRequestInitTLS {
  return {
    rejectUnauthorized: true,
    ...(url.address === null ? { serverName: url.host } : {}),
    ...(ca === undefined ? {} : { ca }),
  };
}

function headersOf({ headers }: OutboundRequest, { authority }: OutboundUrl): Record<string, string> {
  // Also one named __proto__ is sent.
  const sent = Object.create(null) as Record<string, string>;
  Object.assign(sent, { "user-agent": userAgent, accept: "*/*" });
  for (const name in headers) {
    if (!isHopByHop(name)) sent[name.toLowerCase()] = headers[name] ?? "";
  }
  sent["accept-encoding"] = "identity";
  sent.host = authority;
  return sent;
}

/** So many of them as fit; there may be a few hundred KiB. */
function toHeaders(received: Headers): Readonly<Record<string, string>> {
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  let left = maxHeaderBytes;
  for (const [name, value] of Object.entries(received.toJSON())) {
    // Several cookies are a list.
    const text = String(value);
    left -= name.length + text.length;
    if (left >= 0) headers[name] = text;
  }
  return headers;
}
