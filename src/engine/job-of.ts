// The job that a host call says it is of.

import type { JsonValue } from "../core/json.ts";

/** Null where it says none. */
export function jobOf(args: JsonValue): string | null {
  const { job } = args as { readonly job?: JsonValue };
  return typeof job === "string" ? job : null;
}
