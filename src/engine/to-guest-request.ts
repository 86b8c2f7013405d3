// A stored request as its script sees it.

import { isUtf8 } from "node:buffer";
import type { InboundRequest } from "../core/inbound-request.ts";
import type { GuestRequest } from "../sandbox/sandbox.ts";

export function toGuestRequest(request: InboundRequest): GuestRequest {
  const { body } = request;
  const text = { ...request, body: new TextDecoder().decode(body) };
  // The bytes of most bodies are those of their text; decoding takes a byte order mark off.
  if (isUtf8(body) && body[0] !== 0xef) return text;
  return { ...text, bodyBase64: Buffer.from(body).toString("base64") };
}
