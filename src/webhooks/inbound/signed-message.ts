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
  /** Whether the address is to name a port, the usual one where it has none of its own; absent: as it is written. */
  readonly port?: "with" | "without";
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
      if (publicUrl === null) return { reason: "public_url_missing" };
      return writePort(publicUrl.replace(/\/+$/, ""), context.port) + request.url;
    case "form":
      return readForm(part.digestParameter, request);
  }
}

function writePort(address: string, port: MessageContext["port"]): string {
  const [, origin = "", scheme = "", own, path = ""] =
    /^((https?):\/\/[^/?#]*?)(:\d+)?([/?#].*)?$/i.exec(address) ?? [];
  if (origin === "" || port === undefined) return address;
  const usual = scheme.toLowerCase() === "https" ? ":443" : ":80";
  return origin + (port === "with" ? (own ?? usual) : "") + path;
}

const decoder = new TextDecoder();
/** No request of Twilio has nearly as many, and whoever signs nothing must not have a million sorted. */
const maxFields = 1000;

/** As Twilio's libraries do it: names in order, each with its different values in order, nothing in between. */
function readForm(digestParameter: string, request: MessageContext["request"]): string | PartFailure {
  const { headers, query, body } = request;
  if (body.length === 0) return "";
  if (!/^application\/x-www-form-urlencoded\b/i.test(headers["content-type"] ?? "")) {
    const digest = createHash("sha256").update(body).digest("hex");
    return query[digestParameter] === digest ? "" : { reason: "signature_mismatch" };
  }
  if (hasManyFields(body)) return { reason: "signature_mismatch" };
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

function hasManyFields(body: Uint8Array): boolean {
  let fields = 1;
  for (const byte of body) if (byte === 0x26 && ++fields > maxFields) return true;
  return false;
}

function order(a: string, b: string): number {
  return a < b ? -1 : Number(a > b);
}
