// What is wrong with a secret as it is given: it may be a reference, or the secret itself.

import { toAppError } from "../core/app-error.ts";
import { longestSecretBytes } from "../core/secret-name.ts";
import { parseSecretReference } from "./secret-reference.ts";

export interface SecretProblem {
  /** Never with any part of the secret. */
  readonly message: string;
  readonly hint: string | null;
}

export function findSecretProblem(text: string): SecretProblem | null {
  if (!text.isWellFormed() || text.includes("\0"))
    return { message: "it holds characters that no text has", hint: null };
  if (Buffer.byteLength(text) > longestSecretBytes) {
    return { message: `it is longer than ${longestSecretBytes} bytes`, hint: null };
  }
  try {
    parseSecretReference(text);
    return null;
  } catch (thrown) {
    const { message, hint = null } = toAppError(thrown);
    return { message, hint };
  }
}

/** Begins as a reference does, so that it is meant as one. */
export function looksLikeReference(text: string): boolean {
  return /^(?:env|file|secret):/.test(text);
}
