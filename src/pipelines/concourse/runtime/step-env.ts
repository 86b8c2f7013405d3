// The environment of a step, as the host is told of it.

import { SecretParts } from "../var-text.ts";
import { checkSizeOf } from "./check-size.ts";
import type { TextValue } from "./script-globals.ts";

/**
 * A text is no more than that: by itself the host would look up what reads like the name of a secret.
 * @throws where they are too large for one step.
 */
export function stepEnv(values: Readonly<Record<string, TextValue>>): Readonly<Record<string, TextValue>> {
  checkSizeOf(values, "its environment");
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => {
      const looksLikeName = typeof value === "string" && /^(?:env|file|secret):/.test(value);
      return [name, looksLikeName ? new SecretParts([value]) : value];
    }),
  );
}
