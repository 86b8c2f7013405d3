// `fetch`: an HTTP request made by the host. The answer is complete when the promise resolves.

import { didYouMean } from "../../core/did-you-mean.ts";
import { isHeaderName, isHeaderValue, isHopByHop } from "../../core/header-field.ts";
import { readSignal } from "./abort.ts";
import { encodeBase64 } from "./base64.ts";
import { call, type CallOptions } from "./calls.ts";
import { type AnswerValue, FetchAnswer } from "./fetch-answer.ts";
import { defineGlobal, hostText, parseJson, stringifyJson } from "./host.ts";
import { readJobOption } from "./jobs.ts";
import { readOnInterrupt, readRetry } from "./retry-options.ts";
import { isObject, isSecretText, readSecretText, type Secret, type SecretParts } from "./secret-text.ts";

const knownOptions = ["method", "headers", "body", "timeout", "signal", "redirect", "retry", "onInterrupt", "job"];
const otherOptions: Readonly<Record<string, string>> = {
  json: "use body: JSON.stringify(data)",
  data: "use body: JSON.stringify(data)",
  params: "add them to the address, for example with URLSearchParams",
  query: "add them to the address, for example with URLSearchParams",
  auth: 'use headers: { Authorization: { secret: "env:NAME", prefix: "Bearer " } }',
  proxy: "the proxy is that of the server's own environment: HTTP_PROXY, HTTPS_PROXY, NO_PROXY",
};
const maxNameLength = 200;
const maxTextLength = 1024 * 1024;

function fail(message: string): never {
  throw new TypeError(`fetch: ${message}`);
}

type TextOrSecret = string | Secret | SecretParts;

interface Target {
  readonly url: TextOrSecret;
  /** Without what may be secret. */
  readonly shown: string;
}

function readTarget(input: unknown): Target {
  if (isSecretText(input)) {
    const url = readSecretText("fetch", input, "the address");
    const shown =
      "parts" in url ? url.parts.map((part) => (typeof part === "string" ? part : part.secret)) : [url.secret];
    return { url, shown: shown.join("").replace(/[?#].*$/s, "") };
  }
  const text = typeof input === "string" ? input : isObject(input) && "href" in input ? String(input.href) : undefined;
  if (text === undefined)
    fail('takes an address, like fetch("http://nas:8080/path", { method, headers, body, timeout })');
  const parsed = parseJson(hostText("parse_url", stringifyJson({ url: text }))) as Record<string, string> | null;
  const { protocol, origin = "", pathname = "" } = parsed ?? {};
  if (protocol === "http:" || protocol === "https:") return { url: text, shown: origin + pathname };
  const named = stringifyJson(text.replace(/[?#].*$/s, "").slice(0, maxNameLength));
  const error = new TypeError(`fetch: ${named} is not an address of http or https`);
  throw Object.assign(error, { code: "FETCH_FAILED", hint: "write it in full, like http://nas:8080/path" });
}

function pairsOf(headers: unknown): readonly (readonly [name: unknown, value: unknown])[] {
  if (headers === undefined || headers === null) return [];
  if (!isObject(headers)) fail('headers must be an object, like { "Content-Type": "application/json" }');
  const isList = Symbol.iterator in headers;
  return isList ? [...(headers as Iterable<readonly [unknown, unknown]>)] : Object.entries(headers);
}

function readHeaders(given: unknown): Record<string, TextOrSecret> {
  const headers: Record<string, TextOrSecret> = {};
  for (const [name, value] of pairsOf(given)) {
    if (value === undefined || value === null) continue;
    const lower = String(name).toLowerCase();
    if (!isHeaderName(lower)) fail(`${stringifyJson(name)} is not a valid header name`);
    if (isHopByHop(lower)) fail(`header ${lower} belongs to the connection; the host sets it`);
    const text = isObject(value) ? readSecretText("fetch", value, `header ${lower}`) : String(value);
    if (typeof text === "string" && !isHeaderValue(text)) {
      fail(`the value of header ${lower} has a line break or another forbidden character`);
    }
    headers[lower] = text;
  }
  return headers;
}

interface Body {
  readonly body?: string;
  readonly bytes?: string;
  readonly type?: string;
}

function readBody(body: unknown): Body {
  if (body === undefined || body === null) return {};
  if (typeof body === "string") return { body, type: "text/plain;charset=UTF-8" };
  if (body instanceof URLSearchParams) {
    return { body: body.toString(), type: "application/x-www-form-urlencoded;charset=UTF-8" };
  }
  if (body instanceof ArrayBuffer) return readBytes(new Uint8Array(body));
  if (ArrayBuffer.isView(body)) return readBytes(new Uint8Array(body.buffer, body.byteOffset, body.byteLength));
  const kind = Array.isArray(body) ? "a list" : isObject(body) ? "an object" : `a ${typeof body}`;
  return fail(`body is ${kind}; write body: JSON.stringify(data), and the header "Content-Type": "application/json"`);
}

function readBytes(bytes: Uint8Array): Body {
  if (bytes.length > maxTextLength) fail("body has over 1 MiB; send large files in a step, with curl");
  return { bytes: encodeBase64(bytes) };
}

function checkOptions(options: unknown): Readonly<Record<string, unknown>> {
  if (options === undefined || options === null) return {};
  if (!isObject(options)) fail("the second argument must be an object { method, headers, body, timeout }");
  const unknown = Object.keys(options).find((name) => !knownOptions.includes(name));
  if (unknown === undefined) return options as Record<string, unknown>;
  const nearest = didYouMean(unknown, knownOptions);
  const instead = Object.hasOwn(otherOptions, unknown)
    ? otherOptions[unknown]
    : nearest && `did you mean ${stringifyJson(nearest)}?`;
  const error = new TypeError(`fetch: unknown option ${stringifyJson(unknown)}`);
  throw Object.assign(error, { hint: instead ?? `the options are ${knownOptions.join(", ")}` });
}

function readMethod(given: unknown, hasBody: boolean): string {
  const method = given === undefined || given === null ? "GET" : String(given).toUpperCase();
  if (!isHeaderName(method) || method === "CONNECT" || method === "TRACE") {
    fail(`${stringifyJson(given)} is not a method to fetch with`);
  }
  if (hasBody && (method === "GET" || method === "HEAD")) fail(`a ${method} request has no body; set method: "POST"`);
  return method;
}

async function fetch(input: unknown, given?: unknown): Promise<FetchAnswer> {
  const options = checkOptions(given);
  const { url, shown } = readTarget(input);
  const { type, ...body } = readBody(options.body);
  const method = readMethod(options.method, "body" in body || "bytes" in body);
  const headers = readHeaders(options.headers);
  if (type !== undefined && !Object.hasOwn(headers, "content-type")) headers["content-type"] = type;
  const redirect = options.redirect ?? "follow";
  if (redirect !== "follow" && redirect !== "manual" && redirect !== "error") {
    fail(`redirect must be "follow", "manual" or "error", not ${stringifyJson(redirect)}`);
  }
  const retry = readRetry("fetch", options.retry);
  const onInterrupt = readOnInterrupt("fetch", options.onInterrupt);
  const timeout = options.timeout ?? undefined;
  const job = readJobOption("fetch", options.job);
  const ending = readSignal("fetch", options.signal);
  return await request({ url, method, headers, ...body, timeout, redirect, retry, onInterrupt, job }, shown, {
    ending,
  });
}

async function request(
  args: Omit<PreparedFetch, "body"> | PreparedFetch,
  shown: string,
  options: CallOptions = {},
): Promise<FetchAnswer> {
  const name = `${args.method} ${shown}`.slice(0, maxNameLength);
  return new FetchAnswer((await call("fetch", name, args, options)) as AnswerValue, name);
}

/** A request as the host takes it. */
export interface PreparedFetch {
  readonly url: TextOrSecret;
  readonly method: string;
  readonly headers: Readonly<Record<string, TextOrSecret>>;
  readonly body: string;
  readonly timeout: unknown;
  readonly redirect: "follow" | "manual" | "error";
  readonly retry: unknown;
  readonly onInterrupt: "fail" | "retry" | undefined;
  readonly job?: string | undefined;
}

/** For functions that make their requests themselves. */
export async function fetchPrepared(args: PreparedFetch): Promise<FetchAnswer> {
  if (typeof args.url === "string" || "parts" in args.url || !args.url.isText)
    return await request(args, readTarget(args.url).shown);
  // Of an address that is as good as a password, its host.
  const [origin] = /^https?:\/\/[^/?#]*/i.exec(args.url.secret) ?? [];
  return await request(args, origin === undefined ? args.url.secret : `${origin}/…`);
}

export function installFetch(): void {
  defineGlobal("fetch", fetch);
}
