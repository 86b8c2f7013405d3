// An expression's text to the tree that is evaluated.

import { checkBrackets, unexpected } from "./brackets.ts";
import { ConditionError } from "./condition-error.ts";
import type { ConditionTree } from "./condition-tree.ts";
import { type VariableName, variableNames } from "./condition-variables.ts";
import { parseWithJexl } from "./grammar.ts";
import { resolveTree } from "./resolve-tree.ts";
import { scanTokens, type Token } from "./tokens.ts";

export const maxExpressionCharacters = 4096;

/**
 * The tree of an expression. jexl sees each value and name as a placeholder only ("#3", $3): its lexer takes words
 * within names for operators, mistakes escapes in texts, and finds `constructor` in its own tables.
 * @throws {ConditionError} when the text is no expression, or names what does not exist.
 */
export function compileCondition(expression: string, names: readonly VariableName[] = variableNames): ConditionTree {
  if (expression.length > maxExpressionCharacters) {
    throw new ConditionError(`the expression is longer than ${maxExpressionCharacters} characters`);
  }
  const tokens = scanTokens(expression);
  if (tokens.length === 0) throw new ConditionError("the expression is empty");
  checkBrackets(tokens);
  const placeholders = tokens.map(placeholderOf);
  try {
    return resolveTree(parseWithJexl(placeholders.join(" ")), tokens, names);
  } catch (error) {
    if (error instanceof ConditionError) throw error;
    throw translateJexlError(error, tokens, placeholders);
  }
}

function placeholderOf(token: Token, index: number): string {
  if (token.type === "symbol") return token.symbol;
  return token.type === "name" ? `$${index}` : `"#${index}"`;
}

/** jexl's messages end with the text up to and including the token it stumbled over. */
function translateJexlError(error: unknown, tokens: readonly Token[], placeholders: readonly string[]): ConditionError {
  const text = error instanceof Error ? error.message : "";
  const [, kind, seen] = /^(Token|Unexpected end)[^]*? expression: ([^]*)$/.exec(text) ?? [];
  if (kind === undefined || seen === undefined) return new ConditionError("this is not an expression");
  let end = 0;
  const index = placeholders.findIndex((placeholder) => (end += placeholder.length + 1) >= seen.length);
  const token = tokens[index];
  if (token === undefined) return new ConditionError("this is not an expression");
  const isClosing = token.type === "symbol" && /^[)\]},:]$/.test(token.symbol);
  if (kind === "Token" || isClosing) return unexpected(token);
  return new ConditionError(`something is missing after ${JSON.stringify(token.text)}`, token.at);
}
