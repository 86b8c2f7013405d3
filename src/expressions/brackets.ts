// Brackets that do not fit, found before parsing: jexl takes an unclosed one for closed and recurses into each.

import { ConditionError } from "./condition-error.ts";
import { endsOperand, type Token } from "./tokens.ts";

const maxNesting = 50;
const closers: Readonly<Record<string, string>> = { "(": ")", "[": "]", "{": "}" };

/** @throws {ConditionError} at a bracket that is not closed, never opened, empty, or nested too deeply. */
export function checkBrackets(tokens: readonly Token[]): void {
  const open: Token[] = [];
  tokens.forEach((token, index) => {
    if (token.type !== "symbol") return;
    const before = tokens[index - 1];
    if (token.symbol in closers) {
      open.push(token);
      if (open.length > maxNesting) throw new ConditionError(`brackets are nested deeper than ${maxNesting}`, token.at);
    } else if (token.symbol === ")" || token.symbol === "]" || token.symbol === "}") {
      const opener = open.pop();
      if (opener === undefined || closers[opener.text] !== token.symbol) throw unexpected(token);
      if (opener === before && needsContent(opener, tokens[index - 2])) throw unexpected(token);
    }
  });
  const unclosed = open.at(-1);
  if (unclosed) throw new ConditionError(`"${unclosed.text}" is never closed`, unclosed.at);
}

/** `[]` and `{}` are an empty list and map; `()` and the index in `x[]` are nothing. A call is refused later, by name. */
function needsContent(opener: Token, before: Token | undefined): boolean {
  if (opener.text === "(") return before?.type !== "name";
  return opener.text === "[" && endsOperand(before);
}

export function unexpected(token: Token): ConditionError {
  return new ConditionError(`unexpected ${JSON.stringify(token.text)}`, token.at);
}
