// An expression's text to what is evaluated: own lexer and parser, jexl's tree, jexl's evaluator.

import { ConditionError } from "./condition-error.ts";
import { parseExpression, parseSequence } from "./parse-expression.ts";
import { Parsing, type ParsingOptions } from "./parsing.ts";
import { scanTokens } from "./tokens.ts";

export const maxExpressionCharacters = 10_000;

export interface CompiledExpression {
  /** @throws {ConditionError} when an operation is not defined on its operands, or the evaluation is too dear. */
  evaluate(variables: object, now: () => number): unknown;
}

const grammar = { expression: parseExpression, sequence: parseSequence };

/** @throws {ConditionError} when the text is no expression, or names what does not exist. */
export function compileExpression(expression: string, options: ParsingOptions): CompiledExpression {
  if (expression.length > maxExpressionCharacters) {
    throw new ConditionError(`the expression is longer than ${maxExpressionCharacters} characters`);
  }
  const parsing = new Parsing(scanTokens(expression), grammar, options);
  if (parsing.isAtEnd()) throw new ConditionError("the expression is empty");
  const root = parsing.sequence();
  if (!parsing.isAtEnd()) throw parsing.unexpected();
  const { evaluation } = parsing.build;
  const compiled = parsing.build.finish(root);
  return {
    evaluate: (variables, now) => {
      // Names of the expression's own stand before the variables, for this evaluation only.
      const context = parsing.usesSlots ? Object.create(variables) : variables;
      evaluation.begin(context as Record<string, unknown>, now);
      try {
        return compiled.evalSync(context as object) ?? null;
      } catch (error) {
        throw evaluation.failure ?? error;
      } finally {
        evaluation.end();
      }
    },
  };
}
