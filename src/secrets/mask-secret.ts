// A secret's reference in a form that may be printed.

import { parseSecretReference } from "./secret-reference.ts";

/** A reference to a variable or file as it is; eight asterisks for everything else, whatever its length. */
export function maskSecret(reference: string): string {
  try {
    return parseSecretReference(reference).type === "literal" ? "********" : reference;
  } catch {
    return reference.trim() === "" ? "" : "********";
  }
}
