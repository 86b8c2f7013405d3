// The grammar: jexl's, with the words and the precedences of expr-lang.

import jexl from "jexl";
import { negated } from "./tokens.ts";

/** https://expr-lang.org/docs/language-definition: a greater number binds tighter. */
const precedences: Readonly<Record<string, number>> = {
  "||": 10,
  "&&": 15,
  "==": 20,
  "!=": 20,
  "<": 20,
  ">": 20,
  "<=": 20,
  ">=": 20,
  in: 20,
  contains: 20,
  startsWith: 20,
  endsWith: 20,
  matches: 20,
  "+": 30,
  "-": 30,
  "*": 60,
  "/": 60,
  "//": 60,
  "%": 60,
  "^": 100,
};
const negatable = ["in", "contains", "startsWith", "endsWith", "matches"];

/** The tree that jexl makes. */
export type JexlTree = ReturnType<ReturnType<typeof jexl.compile>["_getAst"]>;

const parser = new jexl.Jexl();
for (const [operator, precedence] of Object.entries(precedences)) {
  parser.addBinaryOp(operator, precedence, neverEvaluated);
  if (negatable.includes(operator)) parser.addBinaryOp(negated(operator), precedence, neverEvaluated);
}

/** The tree of an expression; null where there is nothing in it. Throws jexl's own errors. */
export function parseWithJexl(expression: string): JexlTree | null {
  return parser.compile(expression)._getAst();
}

function neverEvaluated(): never {
  throw new Error("jexl parses; evaluate.ts evaluates");
}
