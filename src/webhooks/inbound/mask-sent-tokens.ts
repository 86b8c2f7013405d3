// Secrets that senders write into a request in clear, taken out before it is kept or shown.

import { cutMembers } from "./cut-members.ts";
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

/** Names that mean a secret whoever sends them; a parameter or a field of another name may mean something else. */
const tokenHeaders = new Set([
  "cookie",
  "proxy-authorization",
  "x-api-key",
  "api-key",
  "apikey",
  "x-api-token",
  "x-auth-token",
  "x-access-token",
  "private-token",
  ...allPlaces.filter((place) => place.in === "header").map(({ name }) => name),
]);
const tokenParameters = ["access_token", "auth_token", "private_token", "api_key", "api-key", "apikey"];

/** Addresses with parameters of their own. */
const addressHeaders = ["referer", "x-original-url", "x-original-uri", "x-rewrite-url", "x-forwarded-uri"];

export interface MaskedRequest {
  readonly request: UnverifiedRequest;
  /** Where a secret ends was not to be told, so that the body ends before it. */
  readonly isCut: boolean;
}

/**
 * The same request where it holds no secret in clear. Names of headers in lower case.
 * @param provider null: not known, so that whatever any of them sends as a token is taken for one.
 */
export function maskSentTokens(request: UnverifiedRequest, provider: string | null): MaskedRequest {
  const places = provider === null ? allPlaces : tokenPlaces(findProvider(provider)?.schemes ?? []);
  const namesIn = (where: SignaturePlace["in"]): readonly string[] =>
    places.filter((place) => place.in === where).map(({ name }) => name);
  const parameters = new Set([...tokenParameters, ...namesIn("query")]);
  let body = request.body;
  let isCut = false;
  for (const name of namesIn("json")) {
    const masked = provider === null ? withoutAny(body, name) : withoutField(body, name);
    ({ body } = masked);
    isCut ||= masked.isCut;
  }
  const headers = maskHeaders(request.headers, parameters);
  const url = maskParameters(request.url, parameters);
  return { request: { ...request, headers, url, query: maskQuery(request.query, parameters), body }, isCut };
}

function maskHeaders(
  headers: UnverifiedRequest["headers"],
  parameters: ReadonlySet<string>,
): UnverifiedRequest["headers"] {
  const masked = Object.keys(headers).flatMap((name) => {
    const value = headers[name] ?? "";
    if (tokenHeaders.has(name)) return [[name, maskHeader(value)] as const];
    return addressHeaders.includes(name) ? [[name, maskParameters(value, parameters)] as const] : [];
  });
  return masked.length === 0 ? headers : { ...headers, ...Object.fromEntries(masked) };
}

/** `Bearer` and the like are no secret. */
function maskHeader(value: string): string {
  const scheme = /^(Bearer|Basic|Digest|Token) ./i.exec(value)?.[1];
  return scheme === undefined ? mask : `${scheme} ${mask}`;
}

function maskParameters(url: string, names: ReadonlySet<string>): string {
  const start = url.indexOf("?") + 1;
  if (start === 0) return url;
  const parameters = url.slice(start).split("&");
  const masked = parameters.map((parameter) => {
    const [key = ""] = new URLSearchParams(parameter).keys();
    return names.has(key.toLowerCase()) ? `${key}=${mask}` : parameter;
  });
  return url.slice(0, start) + masked.join("&");
}

function maskQuery(query: UnverifiedRequest["query"], names: ReadonlySet<string>): UnverifiedRequest["query"] {
  const masked = Object.keys(query).filter((name) => names.has(name.toLowerCase()));
  return masked.length === 0 ? query : { ...query, ...Object.fromEntries(masked.map((name) => [name, mask])) };
}

interface MaskedBody {
  readonly body: Uint8Array;
  readonly isCut: boolean;
}

/** Of a provider that has it there: what is further in is something else. */
function withoutField(body: Uint8Array, name: string): MaskedBody {
  const { object } = new JsonBody(body);
  if (object === null) return withoutAny(body, name);
  if (!Object.hasOwn(object, name)) return { body, isCut: false };
  return { body: Buffer.from(cutMembers(toText(body), { name, maxDepth: 1 }).text, "latin1"), isCut: false };
}

/** Of any body, also the beginning of one: up to where the name is still found in it, however it is written. */
function withoutAny(body: Uint8Array, name: string): MaskedBody {
  const text = toText(body);
  const written = inAnyForm(name);
  if (!written.test(text)) return { body, isCut: false };
  const rest = cutMembers(text, { name, maxDepth: Number.POSITIVE_INFINITY });
  const end = rest.text.search(written);
  const kept = end === -1 ? rest.text : rest.text.slice(0, end);
  return { body: Buffer.from(kept, "latin1"), isCut: rest.isCut || end !== -1 };
}

/** A character for each byte. */
function toText(body: Uint8Array): string {
  return Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("latin1");
}

/** As it is, escaped for JSON, also within texts of a text, or for an address. */
function inAnyForm(name: string): RegExp {
  const characters = name.split("").map((character) => {
    const hex = character.charCodeAt(0).toString(16);
    return `(?:${character}|\\\\{1,9}u00${hex}|%${hex})`;
  });
  return new RegExp(characters.join(""), "i");
}
