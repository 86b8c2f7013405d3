// Who may have what: the token (RFC 6750 §2.1; never from the query), or the session of a browser that showed it.

import { AppError } from "../core/app-error.ts";
import { secretsEqual } from "../core/secret-compare.ts";
import type { Sessions } from "./sessions.ts";

/** A page only shows: other sites cannot read it. The API also acts. */
export type Guarded = "page" | "api";

export interface Credentials {
  readonly token: string;
  readonly sessions: Sessions;
}

/** @throws {AppError} UNAUTHORIZED, the same for a missing and for a wrong token. */
export function authenticate(request: Request, guarded: Guarded, { token, sessions }: Credentials): void {
  const given = /^bearer +(\S+) *$/i.exec(request.headers.get("authorization") ?? "")?.[1];
  // A proxy's own scheme, as Basic, says nothing to us.
  if (given !== undefined) {
    if (isToken(given, token)) return;
    throw unauthorized();
  }
  if (!sessions.includes(request.headers.get("cookie"))) throw unauthorized();
  if (guarded === "page" ? mayShow(request) : isOwn(request)) return;
  throw new AppError("UNAUTHORIZED", "the session does not count for this request", {
    hint:
      "only the server's own pages may use it, which browsers tell us (Sec-Fetch-Site: same-origin) over HTTPS and " +
      "on localhost; elsewhere send the token as a Bearer",
  });
}

export function isToken(given: string, token: string): boolean {
  // An empty token would let everybody in who sends none.
  return token !== "" && secretsEqual(given, token);
}

/** Only the page itself can make a browser say this (https://www.w3.org/TR/fetch-metadata/). */
function isOwn({ headers }: Request): boolean {
  return headers.get("sec-fetch-site") === "same-origin";
}

/** What is typed or followed from a link, and what pages load; browsers on plain HTTP do not say which it is. */
function mayShow({ headers }: Request): boolean {
  const site = headers.get("sec-fetch-site") ?? "none";
  return site === "same-origin" || site === "none" || headers.get("sec-fetch-mode") === "navigate";
}

function unauthorized(): AppError {
  return new AppError("UNAUTHORIZED", "this needs the server's token", {
    hint:
      'send "Authorization: Bearer TOKEN" with the content of runner.token in the server\'s data folder; ' +
      "browsers log in at /login",
  });
}
