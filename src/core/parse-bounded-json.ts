// JSON from outside: a body of a million opening brackets takes the engine's own parser 200 ms to refuse, and one that it
// does take overflows the stack of whoever walks through it.

import { findStringEnd } from "./json-string-end.ts";

/** Far beyond what any sender needs, and well below what any walk through it can bear. */
export const maxJsonDepth = 1000;

/**
 * The value of a JSON text. A field named `__proto__` is one like any other: an own property without effect.
 * @throws {SyntaxError} where it is no JSON, or nested deeper than {@link maxJsonDepth}.
 */
export function parseBoundedJson(text: string): unknown {
  if (findTooDeep(text) !== undefined) throw new SyntaxError(`the JSON is nested deeper than ${maxJsonDepth} levels`);
  return JSON.parse(text) as unknown;
}

const quote = 0x22;

/** The offset of the first bracket that is nested too deeply; of a text that is no JSON perhaps another one. */
export function findTooDeep(text: string): number | undefined {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      at = findStringEnd(text, at + 1);
    } else if (code === 0x5b || code === 0x7b) {
      if (++depth > maxJsonDepth) return at;
    } else if (code === 0x5d || code === 0x7d) {
      depth--;
    }
  }
  return undefined;
}
