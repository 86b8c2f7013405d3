// A request that `runner listen` received, for people.

import { printable, printableLines } from "../printable.ts";
import type { OutputStream } from "../terminal.ts";
import type { LookedAt } from "./looked-at.ts";

const shownChars = 4096;

export function formatLookedAt(request: LookedAt, out: OutputStream): string {
  const { at, method, url, headers, bytes } = request;
  return [
    `${out.paint("dim", at)} ${out.paint("bold", printable(`${method} ${url}`))}`,
    printable(describeOrigin(request)),
    describeSignature(request, out),
    ...Object.entries(headers).map(([name, value]) => `${out.paint("dim", `${printable(name)}:`)} ${printable(value)}`),
    ...(bytes === 0 ? [] : ["", describeBody(request)]),
    "",
    "",
  ].join("\n");
}

function describeOrigin({ provider, event_type: event, delivery_id: delivery, bytes }: LookedAt): string {
  return [
    `provider ${provider}`,
    ...(event === "" ? [] : [`event ${event}`]),
    ...(delivery === "" ? [] : [`delivery ${delivery}`]),
    `${bytes} bytes`,
  ].join(", ");
}

function describeSignature({ verified, reason }: LookedAt, out: OutputStream): string {
  if (verified === true) return out.paint("green", "verified by the secret");
  if (reason !== null) return out.paint("red", `${verified === null ? "refused" : "not verified"}: ${reason}`);
  return "not checked: --secret says what to verify it with";
}

function describeBody({ body, body_base64: base64, bytes }: LookedAt): string {
  const text = body ?? base64 ?? "";
  const shown = printableLines(text.slice(0, shownChars));
  const isCut = text.length > shownChars;
  return `${body === null ? "base64: " : ""}${shown}${isCut ? `\n… the beginning of ${bytes} bytes` : ""}`;
}
