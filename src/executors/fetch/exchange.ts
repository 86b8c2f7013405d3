// A request and the redirects it leads to. WHATWG Fetch Standard, "HTTP-redirect fetch".

import { AppError } from "../../core/app-error.ts";
import packageFile from "../../../package.json" with { type: "json" };
import type { FetchRequest, FetchResponse } from "./fetch-request.ts";
import { readAnswer } from "./read-answer.ts";
import { showAddress } from "./show-address.ts";

export interface ExchangeOptions {
  readonly fetch: typeof fetch;
  readonly maxBytes: number;
  readonly signal: AbortSignal;
}

/** One request on the way. */
interface Hop {
  readonly url: URL;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: FetchRequest["body"];
}

const maxRedirects = 10;
const redirectStatuses = new Set([301, 302, 303, 307, 308]);
/** They go with the body. */
const bodyHeaders = ["content-encoding", "content-language", "content-location", "content-type", "content-length"];
/** They are meant for one server. */
const originHeaders = ["authorization", "cookie", "proxy-authorization", "host"];

export async function exchange(request: FetchRequest, options: ExchangeOptions): Promise<FetchResponse> {
  let hop = firstHop(request);
  for (let redirects = 0; ; redirects++) {
    // Closes the connection of a redirect whose body nobody reads; it may be endless.
    const left = new AbortController();
    const response = await send(hop, options.fetch, AbortSignal.any([options.signal, left.signal]));
    const next = findNextHop(response, hop, request);
    if (next === null) return await toResponse(response, hop, redirects > 0, request, options.maxBytes);
    left.abort();
    if (redirects === maxRedirects) {
      throw new AppError("FETCH_FAILED", `over ${maxRedirects} redirects`, {
        hint: "the addresses probably redirect in a circle",
      });
    }
    hop = next;
  }
}

function firstHop({ url, method, headers, body }: FetchRequest): Hop {
  const parsed = URL.parse(url);
  if (parsed === null || !/^https?:$/.test(parsed.protocol)) {
    throw new AppError("FETCH_FAILED", "the address is not one of http or https", {
      hint: "write it in full, like http://nas:8080/path",
    });
  }
  const { username, password } = parsed;
  if (username === "" && password === "") return { url: parsed, method, headers, body };
  parsed.username = parsed.password = "";
  const credentials = Buffer.from(`${decodePart(username)}:${decodePart(password)}`).toString("base64");
  return { url: parsed, method, headers: { authorization: `Basic ${credentials}`, ...headers }, body };
}

function decodePart(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

async function send({ url, method, headers, body }: Hop, fetch: typeof globalThis.fetch, signal: AbortSignal) {
  return await fetch(url.href, {
    method,
    headers: { "user-agent": `runner/${packageFile.version}`, accept: "*/*", ...headers },
    ...(body === undefined ? {} : { body }),
    redirect: "manual",
    signal,
    // The size of what comes is not known before it is decompressed.
    decompress: false,
    // A connection that another request has left may be closed by the time it is used.
    keepalive: false,
    // A proxy set for the whole machine cannot reach this machine's own loopback.
    ...(isLoopback(url.hostname) ? { proxy: false as never } : {}),
  });
}

function isLoopback(hostname: string): boolean {
  return hostname === "localhost" || hostname === "[::1]" || /^127\.[\d.]+$/.test(hostname);
}

/** Null where the answer is no redirect, or is to be given back as it is. */
function findNextHop(response: Response, hop: Hop, request: FetchRequest): Hop | null {
  const location = redirectStatuses.has(response.status) ? response.headers.get("location") : null;
  if (location === null || request.redirect === "manual") return null;
  if (request.redirect === "error") throw new AppError("FETCH_FAILED", `redirected (HTTP ${response.status})`);
  const url = URL.parse(location, hop.url.href);
  if (url === null || !/^https?:$/.test(url.protocol)) {
    throw new AppError("FETCH_FAILED", "redirected to an address that is not one of http or https");
  }
  if (hop.url.protocol === "https:" && url.protocol === "http:") {
    throw new AppError(
      "FETCH_FAILED",
      `redirected from https to http, to ${showAddress({ ...request, url: url.href })}`,
      {
        hint: "nothing is sent unprotected that was to be protected; ask that address itself if that is what you want",
      },
    );
  }
  url.username = url.password = "";
  const dropsBody =
    response.status === 303 ? hop.method !== "GET" && hop.method !== "HEAD" : isRewritten(response, hop);
  const dropped = [
    ...(dropsBody ? bodyHeaders : []),
    ...(url.origin === hop.url.origin ? [] : [...originHeaders, ...(request.secretHeaders ?? [])]),
  ];
  const headers = Object.fromEntries(Object.entries(hop.headers).filter(([name]) => !dropped.includes(name)));
  return dropsBody ? { url, method: "GET", headers, body: undefined } : { ...hop, url, headers };
}

function isRewritten({ status }: Response, { method }: Hop): boolean {
  return (status === 301 || status === 302) && method === "POST";
}

async function toResponse(
  response: Response,
  { url, method }: Hop,
  redirected: boolean,
  { urlIsSecret }: FetchRequest,
  maxBytes: number,
): Promise<FetchResponse> {
  const { status, statusText } = response;
  const headers: Record<string, string> = Object.create(null) as Record<string, string>;
  for (const [name, value] of response.headers) headers[name] = name in headers ? `${headers[name]}, ${value}` : value;
  const body = method === "HEAD" ? new Uint8Array(0) : await readAnswer(response, maxBytes);
  return { url: urlIsSecret ? url.origin : url.href, redirected, status, statusText, headers, body };
}
