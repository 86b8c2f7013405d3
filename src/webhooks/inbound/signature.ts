// Reading signatures out of a request.

import { encoded, signatureBytes } from "./signature-encoding.ts";
import type { JsonBody } from "./json-body.ts";
import type { SignatureForm, SignaturePlace, SignatureScheme } from "./provider.ts";

export interface SignedRequest {
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
}

export interface Signature {
  readonly form: SignatureForm;
  readonly bytes: Uint8Array;
}

/** What was found in the text of a signature. */
export interface ParsedSignatures {
  readonly signatures: readonly Signature[];
  /** The time that stands beside them, as `t=…`; empty where there is none. */
  readonly timestamp: string;
}

/** Of one request; each may cost a check for each secret. */
const maxSignatures = 16;
/** One of these takes as long as a hundred others, and reads the whole body each time. */
const maxEd25519 = 4;
const namedValue = /^[A-Za-z0-9_-]{1,32}[=,]\S+$/;

/** The text of the signature where the scheme looks for it; undefined where there is none, or an empty one. */
export function findSignature(scheme: SignatureScheme, request: SignedRequest, body: JsonBody): string | undefined {
  for (const place of scheme.places) {
    const text = readPlace(place, request, body);
    if (text !== undefined && text !== "") return text;
  }
  return undefined;
}

function readPlace(place: SignaturePlace, request: SignedRequest, body: JsonBody): string | undefined {
  switch (place.in) {
    case "header":
      return request.headers[place.name];
    case "query":
      return request.query[place.name];
    case "json": {
      const value = body.read([place.name]);
      return typeof value === "string" ? value : undefined;
    }
  }
}

/** Undefined where the text is not of this scheme, so also where two headers were joined. */
export function parseSignatures(scheme: SignatureScheme, text: string): ParsedSignatures | undefined {
  const { separator, forms } = scheme;
  const elements = separator === undefined ? [text] : text.split(separator);
  const signatures: Signature[] = [];
  const timeMark = scheme.timestamp?.in === "signature" ? `${scheme.timestamp.name}=` : undefined;
  let timestamp = "";
  for (const element of elements) {
    const form = forms.find((each) => !each.prefixRequired || hasPrefix(element, each));
    if (form !== undefined) {
      const bytes = signatureBytes(form, hasPrefix(element, form) ? element.slice(form.prefix.length) : element);
      if (bytes === undefined) return undefined;
      signatures.push({ form, bytes });
      continue;
    }
    // Signatures of other kinds and times may stand in a list, but each only once and nothing else.
    if (separator === undefined || !namedValue.test(element)) return undefined;
    if (timeMark === undefined || !element.startsWith(timeMark)) continue;
    if (timestamp !== "") return undefined;
    timestamp = element.slice(timeMark.length);
  }
  if (signatures.length === 0 || signatures.length > maxSignatures) return undefined;
  if (signatures.filter(({ form }) => form.algorithm === "ed25519").length > maxEd25519) return undefined;
  return { signatures, timestamp };
}

/** The name of a scheme of HTTP authentication may be written in any case (RFC 9110 section 11.1). */
function hasPrefix(text: string, { prefix, algorithm }: SignatureForm): boolean {
  if (algorithm !== "token") return text.startsWith(prefix);
  return text.slice(0, prefix.length).toLowerCase() === prefix.toLowerCase();
}

/** A signature as the sender writes it. */
export function writeSignature({ form, bytes }: Signature): string {
  return form.prefix + encoded(form, bytes);
}
