// `fetch` of a script: its secrets are looked up here, so that neither the sandbox nor the journal ever holds them.

import { AppError } from "../core/app-error.ts";
import { parseDuration } from "../core/duration.ts";
import { isHeaderName, isHeaderValue, isHopByHop } from "../core/header-field.ts";
import type { JsonValue } from "../core/json.ts";
import type { FetchRequest, FetchResponse } from "../executors/executors.ts";
import { parseRetryAfter } from "./retry-after.ts";
import { resolveText, type SecretScope, type TextOrSecret } from "./secret-text.ts";
import { takeSlot } from "./take-slot.ts";
import type { Work } from "./work-call.ts";

/** Arguments of the host call, as the guest makes them. */
interface FetchArguments {
  readonly url: TextOrSecret;
  readonly method: string;
  readonly headers: Readonly<Record<string, TextOrSecret>>;
  readonly body?: string;
  /** The body as base64, where it is bytes. */
  readonly bytes?: string;
  readonly timeout?: JsonValue;
  readonly redirect: FetchRequest["redirect"];
  /** What becomes of a request that was under way when the server ended. */
  readonly onInterrupt?: "fail" | "retry";
}

/** What a second time has the same effect (RFC 9110 §9.2.2). */
const idempotentMethods = ["GET", "HEAD", "OPTIONS", "PUT", "DELETE"];

/** True where a request of which nobody knows how far it came may be made again. */
export function isRepeatableFetch(args: JsonValue): boolean {
  const { method, onInterrupt } = args as unknown as FetchArguments;
  return onInterrupt === undefined ? idempotentMethods.includes(method) : onInterrupt === "retry";
}

/** Trouble on the way, and statuses that say "not now": RFC 9110 §15.5.9, RFC 6585 §4, RFC 9110 §15.6. */
export function mayFetchPass(code: number | string): boolean {
  if (typeof code === "string") return code === "FETCH_FAILED" || code === "FETCH_TIMEOUT";
  return code === 408 || code === 429 || code >= 500;
}

const largeAnswerBytes = 256 * 1024;
const defaultTimeoutMs = 30_000;
const maxTimeoutMs = 10 * 60_000;

export const doFetch: Work = async (args, { parts, run, bundle, signal }) => {
  const { requests, largeAnswers } = parts.fetchSlots;
  const scope = { secrets: parts.secrets, pipeline: run.pipeline, bundle };
  const request = await resolveRequest(args as unknown as FetchArguments, scope);
  const releaseRequest = await takeSlot(requests, signal);
  try {
    const response = await parts.fetcher.fetch({ ...request, signal });
    const { status, body } = response;
    const releaseAnswer = body.length > largeAnswerBytes ? await takeSlot(largeAnswers, signal) : () => {};
    const after = (handed: Promise<void>): void => void handed.then(releaseAnswer);
    const askedMs = parseRetryAfter(response.headers["retry-after"], parts.clock.now());
    return { value: toValue(response), code: status, after, askedMs };
  } finally {
    releaseRequest();
  }
};

async function resolveRequest(args: FetchArguments, scope: SecretScope): Promise<Omit<FetchRequest, "signal">> {
  const { method, redirect, body, bytes } = args;
  const timeoutMs = args.timeout === undefined ? defaultTimeoutMs : parseDuration(args.timeout);
  if (timeoutMs <= 0 || timeoutMs > maxTimeoutMs) {
    throw new AppError(
      "VALIDATION_FAILED",
      `fetch: the timeout ${JSON.stringify(args.timeout)} is not within 1ms and 10m`,
    );
  }
  if (!isHeaderName(method) || method === "CONNECT" || method === "TRACE") {
    throw new AppError("VALIDATION_FAILED", `fetch: ${JSON.stringify(method)} is not a method to fetch with`);
  }
  const headers: [name: string, value: string][] = [];
  const secretHeaders: string[] = [];
  for (const [name, value] of Object.entries(args.headers)) {
    const { text, isSecret } = await resolveText(value, `fetch: header ${name}`, scope);
    // Never with the value: it may be a secret.
    if (!isHeaderName(name) || isHopByHop(name) || !isHeaderValue(text)) {
      throw new AppError(
        "VALIDATION_FAILED",
        `fetch: header ${JSON.stringify(name)} cannot be sent: its name or its value is not valid`,
      );
    }
    headers.push([name.toLowerCase(), text]);
    if (isSecret) secretHeaders.push(name.toLowerCase());
  }
  const url = await resolveText(args.url, "fetch: the address", scope);
  const content = bytes === undefined ? body : Buffer.from(bytes, "base64");
  return {
    url: url.text,
    urlIsSecret: url.isSecret,
    method,
    headers: Object.fromEntries(headers),
    secretHeaders,
    ...(content === undefined ? {} : { body: content }),
    redirect,
    timeoutMs,
  };
}

/** What the guest makes its response of: the body is base64 only where it is no text. */
function toValue({ body, url, redirected, status, statusText, headers }: FetchResponse): JsonValue {
  const head = { url, redirected, status, statusText, headers };
  try {
    return { ...head, text: new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body) };
  } catch {
    return { ...head, base64: Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString("base64") };
  }
}
