// Where a field of `export const config` stands in the author's file.

import { createPlaceFinder, type Place, type Token, tokenize } from "./source-tokens.ts";

/**
 * Place of a field such as "config.params.target" or "config.schedule[1].cron", or of the nearest above it that is
 * found; null without config.
 */
export function locateField(source: string, field: string): Place | null {
  const tokens = tokenize(source);
  let at = tokens.findIndex(
    (token, index) => token.text === "config" && /^(?:const|let|var)$/.test(tokens[index - 1]?.text ?? ""),
  );
  if (at < 0) return null;
  for (const part of field.split(".").slice(1)) {
    const [, name = "", index] = /^([^[]*)(?:\[(\d+)\])?$/.exec(part) ?? [];
    const next = tokens.findIndex(
      (token, place) => place > at && token.text === name && /^[:,}]$/.test(tokens[place + 1]?.text ?? ""),
    );
    if (next < 0) break;
    at = index === undefined ? next : (findElement(tokens, next + 1, Number(index)) ?? next);
  }
  return createPlaceFinder(source)(tokens[at]?.offset ?? 0);
}

/** The first token of an element of the list that begins behind the colon at `colon`. */
function findElement(tokens: readonly Token[], colon: number, index: number): number | undefined {
  if (tokens[colon]?.text !== ":" || tokens[colon + 1]?.text !== "[") return undefined;
  let [depth, element] = [0, 0];
  for (let at = colon + 2; at < tokens.length; at++) {
    if (depth === 0 && element === index) return at;
    const sign = tokens[at]?.kind === "punct" ? tokens[at]?.text : undefined;
    if (sign === "[" || sign === "{" || sign === "(") depth++;
    else if (sign === "]" || sign === "}" || sign === ")") depth--;
    else if (sign === "," && depth === 0) element++;
    if (depth < 0) return undefined;
  }
  return undefined;
}
