// Secrets that senders write into a request in clear, taken out before it is kept or shown.

import { JsonBody } from "./json-body.ts";
import type { SignaturePlace } from "./provider.ts";
import { findProvider, providers } from "./provider-table.ts";
import type { UnverifiedRequest } from "./unverified-request.ts";

/** Instead of a secret, whatever its length. */
const mask = "********";

function tokenPlaces(schemes: (typeof providers)[number]["schemes"]): readonly SignaturePlace[] {
  return schemes
    .filter(({ forms }) => forms.some(({ algorithm }) => algorithm === "token"))
    .flatMap((each) => each.places);
}

const allPlaces = providers.flatMap(({ schemes }) => tokenPlaces(schemes));

/** Headers mean a token whoever sends them; a parameter or a field of this name may mean something else elsewhere. */
const tokenHeaders = new Set([
  "cookie",
  "proxy-authorization",
  ...allPlaces.filter((place) => place.in === "header").map(({ name }) => name),
]);

/**
 * The same request where it holds no secret in clear. Names of headers in lower case.
 * @param provider null: not known, so that whatever any of them sends as a token is taken for one.
 */
export function maskSentTokens(request: UnverifiedRequest, provider: string | null): UnverifiedRequest {
  const headers = maskHeaders(request.headers);
  let { url, query, body } = request;
  const places = provider === null ? allPlaces : tokenPlaces(findProvider(provider)?.schemes ?? []);
  for (const { in: where, name } of places) {
    if (where === "query" && Object.hasOwn(query, name)) {
      query = { ...query, [name]: mask };
      url = maskParameter(url, name);
    }
    // Of a sender that is not known no body is parsed for nothing.
    if (where === "json" && (provider !== null || Buffer.from(body).includes(name))) body = withoutField(body, name);
  }
  return { ...request, headers, url, query, body };
}

function maskHeaders(headers: UnverifiedRequest["headers"]): UnverifiedRequest["headers"] {
  const names = Object.keys(headers).filter((name) => tokenHeaders.has(name));
  if (names.length === 0) return headers;
  return { ...headers, ...Object.fromEntries(names.map((name) => [name, maskHeader(headers[name] ?? "")])) };
}

/** `Bearer` and the like are no secret. */
function maskHeader(value: string): string {
  const scheme = /^(Bearer|Basic|Digest|Token) ./i.exec(value)?.[1];
  return scheme === undefined ? mask : `${scheme} ${mask}`;
}

function maskParameter(url: string, name: string): string {
  const start = url.indexOf("?") + 1;
  const parameters = url.slice(start).split("&");
  const masked = parameters.map((parameter) => {
    const [key = ""] = new URLSearchParams(parameter).keys();
    return key === name ? `${name}=${mask}` : parameter;
  });
  return url.slice(0, start) + masked.join("&");
}

/** Written anew without the field: its value might stand there several times, or in escapes. */
function withoutField(body: Uint8Array, name: string): Uint8Array {
  const { object } = new JsonBody(body);
  // As when it was cut: where the secret ends is not to be told.
  if (object === null) return Buffer.from(body).includes(name) ? new Uint8Array(0) : body;
  if (!Object.hasOwn(object, name)) return body;
  const { [name]: _secret, ...rest } = object;
  return Buffer.from(JSON.stringify(rest));
}
