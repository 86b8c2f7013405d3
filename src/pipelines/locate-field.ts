// Where a field of `export const config` stands in the author's file.

import { createPlaceFinder, type Place, tokenize } from "./source-tokens.ts";

/** Place of a field such as "config.params.target", or of the nearest field above it that is found; null without config. */
export function locateField(source: string, field: string): Place | null {
  const tokens = tokenize(source);
  let at = tokens.findIndex(
    (token, index) => token.text === "config" && /^(?:const|let|var)$/.test(tokens[index - 1]?.text ?? ""),
  );
  if (at < 0) return null;
  for (const name of field.split(".").slice(1)) {
    const next = tokens.findIndex(
      (token, index) => index > at && token.text === name && /^[:,}]$/.test(tokens[index + 1]?.text ?? ""),
    );
    if (next < 0) break;
    at = next;
  }
  return createPlaceFinder(source)(tokens[at]?.offset ?? 0);
}
