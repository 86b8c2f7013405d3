// The body of the request that started a run, kept outside the guest until its script asks for it.

import type { GuestRequest } from "../protocol.ts";

/** What the guest is told at once. */
export function withoutBody({
  body: _body,
  bodyBase64: _bodyBase64,
  ...head
}: GuestRequest): Omit<GuestRequest, "body" | "bodyBase64"> {
  return head;
}

/** Undefined where it cannot be handed over as it is: a text for the engine ends at its first NUL. */
export function plainBody(request: GuestRequest | null): string | undefined {
  const body = request?.body ?? "";
  return body.includes("\0") ? undefined : body;
}

/** The exact bytes as base64; "" where there is no request. */
export function encodeBody(request: GuestRequest | null): string {
  return request?.bodyBase64 ?? Buffer.from(request?.body ?? "").toString("base64");
}
