// What the runtime throws when a request fails, as an error of sending and in words.

import { failureCode, failureHint, failureReason } from "../../core/network-failure.ts";
import type { SendError } from "./send-outcome.ts";

/** By the beginnings of the runtime's codes; the first that fits. Anything else is no HTTP that we understand. */
const errors: readonly (readonly [RegExp, SendError])[] = [
  [/^(ECONNREFUSED|ENETUNREACH|EHOSTUNREACH|EHOSTDOWN|ENETDOWN|ETIMEDOUT|EADDRNOTAVAIL|EACCES|EPERM)$/, "connect"],
  [/^(ConnectionRefused|FailedToOpenSocket|ConnectionTimeout)$/, "connect"],
  [/^(ECONNRESET|EPIPE|ConnectionClosed|ECONNABORTED)$/, "closed"],
  [/CERT|SELF_SIGNED|UNABLE_TO|CRL|TLS|SSL|EPROTO|INVALID_CA|INVALID_PURPOSE|PATH_LENGTH|HOSTNAME_MISMATCH/, "tls"],
];

export interface DescribedFailure {
  readonly error: SendError;
  readonly message: string;
}

export function describeSendFailure(thrown: unknown): DescribedFailure {
  const code = failureCode(thrown);
  const error = errors.find(([pattern]) => pattern.test(code))?.[1] ?? "protocol";
  const hint = failureHint(thrown);
  return { error, message: hint === undefined ? failureReason(thrown) : `${failureReason(thrown)}; ${hint}` };
}
