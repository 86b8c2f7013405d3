// `__dirname` and `__filename` in a script: the bundler makes empty texts of them, and a path made of one would begin at
// the root.

import { createPlaceFinder, tokenize } from "./source-tokens.ts";

const names = ["__dirname", "__filename"];

/** The first place where each is used; those that the script declares itself are its own. */
export function findNodeNames(
  source: string,
): { readonly name: string; readonly line: number; readonly column: number }[] {
  if (!names.some((name) => source.includes(name))) return [];
  const tokens = tokenize(source);
  const placeOf = createPlaceFinder(source);
  return names.flatMap((name) => {
    const uses = tokens.flatMap((token, index) => (token.kind === "word" && token.text === name ? [index] : []));
    const isDeclared = uses.some((index) => ["const", "let", "var"].includes(tokens[index - 1]?.text ?? ""));
    const used = uses.find((index) => tokens[index - 1]?.text !== "." && tokens[index + 1]?.text !== ":");
    const token = used === undefined || isDeclared ? undefined : tokens[used];
    return token === undefined ? [] : [{ name, ...placeOf(token.offset) }];
  });
}
