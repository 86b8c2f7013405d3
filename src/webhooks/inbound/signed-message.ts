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

/** Senders that sign an address may have it with its port or without: the published libraries of Twilio try both. */
export function withEitherPort({ signed }: SignatureScheme, message: SignedMessage): readonly SignedMessage[] {
  const at = signed.findIndex(({ part }) => part === "address");
  return at === -1 ? [message] : [message, message.with(at, changePort(String(message[at])))];
}

/** Takes the port away, or writes the usual one where there is none. */
function changePort(address: string): string {
  const [, origin = "", scheme = "", port = "", path = ""] =
    /^((https?):\/\/[^/?#]*?)(:\d+)?([/?#].*)?$/i.exec(address) ?? [];
  if (origin === "") return address;
  const usual = scheme.toLowerCase() === "https" ? ":443" : ":80";
  return origin + (port === "" ? usual : "") + path;
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
      if (publicUrl === null) return { reason: "public_url_missing" };
      return publicUrl.replace(/\/+$/, "") + request.url;
    case "form":
      return readForm(part.digestParameter, request);
  }
}

/** No request of Twilio has nearly as many, and whoever signs nothing must not have a million sorted. */
const maxFields = 1000;
const ampersand = 0x26;

/** As Twilio's libraries do it: names in order, each with its different values in order, nothing in between. */
function readForm(digestParameter: string, request: MessageContext["request"]): string | Uint8Array | PartFailure {
  const { headers, query, body } = request;
  if (body.length === 0) return "";
  if (!/^application\/x-www-form-urlencoded\b/i.test(headers["content-type"] ?? "")) {
    const digest = createHash("sha256").update(body).digest("hex");
    return query[digestParameter] === digest ? "" : { reason: "signature_mismatch" };
  }
  if (hasManyFields(body)) return { reason: "signature_mismatch" };
  const fields = parseForm(body);
  fields.sort((field, other) => order(field.name, other.name) || order(field.value, other.value));
  let text = "";
  let last: FormField | undefined;
  for (const field of fields) {
    if (field.name !== last?.name || field.value !== last.value) text += field.name + field.value;
    last = field;
  }
  // Of ASCII alone, as most forms are, UTF-8 makes the same bytes.
  return /[\u0080-\u00FF]/.test(text) ? Buffer.from(text, "latin1") : text;
}

/** Each character stands for a byte. */
interface FormField {
  readonly name: string;
  readonly value: string;
}

/** https://url.spec.whatwg.org/#urlencoded-parsing; URLSearchParams takes longer for it than all the rest. */
function parseForm(body: Uint8Array): FormField[] {
  const text = Buffer.from(body.buffer, body.byteOffset, body.length).toString("latin1");
  const fields: FormField[] = [];
  for (const field of text.split("&")) {
    if (field === "") continue;
    const nameEnd = field.indexOf("=");
    if (nameEnd === -1) fields.push({ name: decodeEscapes(field), value: "" });
    else fields.push({ name: decodeEscapes(field.slice(0, nameEnd)), value: decodeEscapes(field.slice(nameEnd + 1)) });
  }
  return fields;
}

function decodeEscapes(text: string): string {
  if (!/[+%]/.test(text)) return text;
  return text
    .replaceAll("+", " ")
    .replaceAll(/%[0-9a-fA-F]{2}/g, (escape) => String.fromCharCode(Number.parseInt(escape.slice(1), 16)));
}

function hasManyFields(body: Uint8Array): boolean {
  let fields = 1;
  for (let at = body.indexOf(ampersand); at !== -1; at = body.indexOf(ampersand, at + 1)) {
    if (++fields > maxFields) return true;
  }
  return false;
}

function order(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
