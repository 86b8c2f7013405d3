// What a provider signs, put together out of a request.

import { createHash } from "node:crypto";
import type { SignatureScheme, SignedPart } from "./provider.ts";
import type { SignedMessage } from "./signature-key.ts";
import type { UnverifiedRequest } from "./unverified-request.ts";

export interface MessageContext {
  readonly request: Pick<UnverifiedRequest, "url" | "headers" | "query" | "body">;
  /** Of the signature, as received; empty where the provider signs none. */
  readonly timestamp: string;
  /** The address that others reach the server by; null: not known. */
  readonly publicUrl: string | null;
}

export type MessageResult =
  | { readonly ok: true; readonly message: SignedMessage }
  | { readonly ok: false; readonly reason: "id_missing" | "public_url_missing" | "signature_mismatch" };

export function buildMessage(scheme: SignatureScheme, context: MessageContext): MessageResult {
  const message: (string | Uint8Array)[] = [];
  for (const part of scheme.signed) {
    const value = readPart(part, context);
    if (typeof value === "object" && "reason" in value) return { ok: false, ...value };
    message.push(value);
  }
  return { ok: true, message };
}

type PartFailure = { readonly reason: "id_missing" | "public_url_missing" | "signature_mismatch" };

function readPart(part: SignedPart, context: MessageContext): string | Uint8Array | PartFailure {
  const { request, timestamp, publicUrl } = context;
  switch (part.part) {
    case "text":
      return part.text;
    case "timestamp":
      return timestamp;
    case "body":
      return request.body;
    case "header":
      return request.headers[part.name] || { reason: "id_missing" };
    case "address":
      return publicUrl === null ? { reason: "public_url_missing" } : publicUrl.replace(/\/+$/, "") + request.url;
    case "form":
      return readForm(part.digestParameter, request);
  }
}

const decoder = new TextDecoder();
const ampersand = 0x26;
/** Twilio sends some dozens. Anybody can send a million, and sorting those takes seconds. */
const maxFormFields = 1000;

/** As Twilio's libraries do it: names in order, each with its different values in order, nothing in between. */
function readForm(digestParameter: string, request: MessageContext["request"]): string | PartFailure {
  const { headers, query, body } = request;
  if (body.length === 0) return "";
  if (!/^application\/x-www-form-urlencoded\b/i.test(headers["content-type"] ?? "")) {
    const digest = createHash("sha256").update(body).digest("hex");
    return query[digestParameter] === digest ? "" : { reason: "signature_mismatch" };
  }
  if (hasMoreFields(body, maxFormFields)) return { reason: "signature_mismatch" };
  const fields: (readonly [name: string, value: string])[] = [];
  new URLSearchParams(decoder.decode(body)).forEach((value, name) => fields.push([name, value]));
  fields.sort(([name, value], [otherName, otherValue]) => order(name, otherName) || order(value, otherValue));
  let text = "";
  for (const [index, [name, value]] of fields.entries()) {
    const [lastName, lastValue] = fields[index - 1] ?? [];
    if (name !== lastName || value !== lastValue) text += name + value;
  }
  return text;
}

function hasMoreFields(body: Uint8Array, limit: number): boolean {
  let count = 1;
  for (let at = body.indexOf(ampersand); at !== -1; at = body.indexOf(ampersand, at + 1)) {
    if (++count > limit) return true;
  }
  return false;
}

function order(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
