// The body of a request that is a small document, with a bound of its own.

import { maxEndpointBytes } from "./limits.ts";
import { readBody } from "./read-body.ts";
import { readHeaders } from "./request-headers.ts";
import type { RouteContext } from "./route-context.ts";

/** @throws {AppError} BODY_TOO_LARGE, BODY_TIMEOUT, UNSUPPORTED_ENCODING. */
export async function readSmallBody(
  request: Request,
  { limits, clock }: Pick<RouteContext, "limits" | "clock">,
): Promise<Uint8Array> {
  const bounded = { ...limits, maxBodyBytes: Math.min(maxEndpointBytes, limits.maxBodyBytes) };
  return await readBody(request, readHeaders(request.headers, bounded), { limits: bounded, clock });
}
