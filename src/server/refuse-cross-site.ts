// Forms of other sites: a browser says where a request comes from, and programs that are none have no session to abuse.

import { AppError } from "../core/app-error.ts";

/**
 * `publicUrl`: where a proxy that changes Host has browsers find this server.
 * @throws {AppError} CROSS_SITE when a browser says that another site's page sends this.
 */
export function refuseCrossSite({ headers }: Request, publicUrl: string | null): void {
  const site = headers.get("sec-fetch-site");
  const origin = headers.get("origin");
  // Over plain HTTP there is only Origin (RFC 6454 §7).
  const isOwn = site !== null ? site === "same-origin" || site === "none" : isOurs(origin, headers, publicUrl);
  if (isOwn) return;
  throw new AppError("CROSS_SITE", "this form was sent by another site's page", {
    hint: "open /login in the browser and send the form there",
  });
}

function isOurs(origin: string | null, headers: Headers, publicUrl: string | null): boolean {
  if (origin === null) return true;
  const host = URL.parse(origin)?.host;
  return (
    host !== undefined && (host === headers.get("host")?.toLowerCase() || host === URL.parse(publicUrl ?? "")?.host)
  );
}
