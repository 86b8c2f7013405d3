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
  /** What stands beside them, as `t=…`. */
  readonly fields: ReadonlyMap<string, string>;
}

/** Of one request; each may cost a check for each secret. */
const maxSignatures = 16;
/** One of these takes as long as a hundred others, and reads the whole body each time. */
const maxEd25519 = 4;

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
  const fields = new Map<string, string>();
  for (const element of elements) {
    const form = forms.find((each) => startsWith(element, each) || !each.prefixRequired);
    if (form !== undefined) {
      const bytes = signatureBytes(form, startsWith(element, form) ? element.slice(form.prefix.length) : element);
      if (bytes === undefined) return undefined;
      signatures.push({ form, bytes });
      continue;
    }
    // Signatures of other kinds and times may stand in a list, but each only once and nothing else.
    const field = separator === undefined ? null : /^([A-Za-z0-9_-]{1,32})[=,](\S+)$/.exec(element);
    if (field === null) return undefined;
    const [, name = "", value = ""] = field;
    if (scheme.timestamp?.name === name && fields.has(name)) return undefined;
    fields.set(name, value);
  }
  if (signatures.length === 0 || signatures.length > maxSignatures) return undefined;
  if (signatures.filter(({ form }) => form.algorithm === "ed25519").length > maxEd25519) return undefined;
  return { signatures, fields };
}

/** The name of a scheme of HTTP authentication may be written in any case (RFC 9110 section 11.1). */
function startsWith(text: string, { prefix, algorithm }: SignatureForm): boolean {
  const start = text.slice(0, prefix.length);
  return start === prefix || (algorithm === "token" && start.toLowerCase() === prefix.toLowerCase());
}

/** A signature as the sender writes it. */
export function writeSignature({ form, bytes }: Signature): string {
  return form.prefix + encoded(form, bytes);
}
