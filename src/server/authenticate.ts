// The token that everything but webhooks and health asks for (RFC 6750 §2.1; never from the query).

import { AppError } from "../core/app-error.ts";
import { secretsEqual } from "../core/secret-compare.ts";

/** @throws {AppError} UNAUTHORIZED, the same for a missing and for a wrong token. */
export function authenticate(authorization: string | null, token: string): void {
  const given = /^bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
  // An empty token would let everybody in who sends none.
  if (given !== undefined && token !== "" && secretsEqual(given, token)) return;
  throw new AppError("UNAUTHORIZED", "this needs the server's token", {
    hint: 'send "Authorization: Bearer TOKEN" with the content of runner.token in the server\'s data folder',
  });
}
