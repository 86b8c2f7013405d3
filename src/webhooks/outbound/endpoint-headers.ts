// The headers that an endpoint adds to its deliveries.

import type { FieldProblems } from "../../core/field-problem.ts";
import { isHeaderName, isHeaderValue, isHopByHop } from "../../core/header-field.ts";
import type { EndpointFields } from "./endpoint.ts";
import { otherSignatureHeader } from "./sign-delivery.ts";

const example = 'write { "Authorization": "secret:NAME" }';
const most = { headers: 32, nameCharacters: 100, valueCharacters: 4096 };

/** They say what is sent, to whom, and by whom it is signed. Answers are never decompressed, so none is asked for. */
const reserved = new Set([
  "host",
  "content-type",
  "content-encoding",
  "accept-encoding",
  "expect",
  "webhook-id",
  "webhook-timestamp",
  "webhook-signature",
]);

/** What answers have in place of a value, and what keeps it when it comes back. */
export const maskedHeaderValue = "********";

export function readHeaders(
  value: unknown,
  current: EndpointFields["headers"],
  problems: FieldProblems,
): EndpointFields["headers"] | undefined {
  if (typeof value === "string") {
    // "Authorization: Bearer TOKEN" is not repeated.
    problems.add("headers", "must be an object, not a text", example);
    return undefined;
  }
  const given = problems.readObject("headers", value, example);
  if (given === undefined) return undefined;
  const entries = Object.entries(given);
  if (entries.length > most.headers) problems.add("headers", `are more than ${most.headers}`);
  const headers = new Map<string, string>();
  const seen = new Set<string>();
  for (const [name, content] of entries.slice(0, most.headers)) {
    const field = fieldOf(name);
    const problem = seen.has(name.toLowerCase()) ? "is there twice" : findNameProblem(name);
    seen.add(name.toLowerCase());
    if (problem !== null) problems.add(field, problem);
    else if (typeof content !== "string") problems.add(field, "must be a text");
    else if (content !== maskedHeaderValue) headers.set(name, readValue(field, content, problems));
    else {
      const kept = findHeader(current, name);
      if (kept === undefined) problems.add(field, "is masked, and there is no value of it to keep");
      else headers.set(name, kept);
    }
  }
  return Object.fromEntries(headers);
}

/** Of what is given and what was there together. */
export function checkHeaders({ headers, signatureHeader }: EndpointFields, problems: FieldProblems): void {
  if (isReserved(signatureHeader)) problems.add("signature_header", `cannot be ${signatureHeader}`, "choose another");
  for (const name of [signatureHeader, otherSignatureHeader(signatureHeader)]) {
    if (findHeader(headers, name) !== undefined) problems.add(fieldOf(name), "is the header of the signature");
  }
}

function findNameProblem(name: string): string | null {
  if (!isHeaderName(name) || name.length > most.nameCharacters) return "is no name of a header";
  return isReserved(name) ? "is set by the server" : null;
}

function isReserved(name: string): boolean {
  return isHopByHop(name) || reserved.has(name.toLowerCase());
}

/** The value may be a token: no message has it. */
function readValue(field: string, value: string, problems: FieldProblems): string {
  if (value.length > most.valueCharacters) problems.add(field, `is longer than ${most.valueCharacters} characters`);
  else if (!isHeaderValue(value)) problems.add(field, "holds a line break, or characters that no header can hold");
  return value;
}

function findHeader(headers: EndpointFields["headers"], name: string): string | undefined {
  return Object.entries(headers).find(([each]) => each.toLowerCase() === name.toLowerCase())?.[1];
}

function fieldOf(name: string): string {
  return /^[\w-]{1,100}$/.test(name) ? `headers.${name}` : `headers[${JSON.stringify(name.slice(0, 100))}]`;
}
