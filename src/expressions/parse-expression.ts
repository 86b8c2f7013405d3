// The grammar of expr-lang, by precedence: https://expr-lang.org/docs/language-definition#operators.

import { ConditionError, quote } from "./condition-error.ts";
import type { Node } from "./jexl-tree.ts";
import { operators } from "./operators.ts";
import { functionNames, parseCall } from "./parse-call.ts";
import { constants, parsePrimary } from "./parse-primary.ts";
import type { Parsing } from "./parsing.ts";
import { compilePattern, matches } from "./pattern.ts";
import { asBoolean, isNil } from "./values.ts";

/** A greater number binds tighter. */
const precedences: ReadonlyMap<string, number> = new Map(
  Object.entries({
    "|": 0,
    "||": 10,
    or: 10,
    "&&": 15,
    and: 15,
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
    "..": 25,
    "+": 30,
    "-": 30,
    "*": 60,
    "/": 60,
    "%": 60,
    "^": 100,
    "**": 100,
    "??": 500,
  }),
);
const negatable = ["in", "contains", "startsWith", "endsWith", "matches"];
const orPrecedence = 10;
const andPrecedence = 15;
const comparisonPrecedence = 20;
const coalescePrecedence = 500;

/** Expressions with `;` between them: the value is that of the last. */
export function parseSequence(parsing: Parsing): Node {
  const first = parseExpression(parsing);
  if (!parsing.is(";")) return first;
  const nodes = [first];
  while (parsing.skip(";") && !parsing.isAtEnd()) nodes.push(parseExpression(parsing));
  return parsing.build.call(nodes, first.at, (values) => values.at(-1));
}

export function parseExpression(parsing: Parsing, least = 0): Node {
  if (least === 0 && parsing.is("let")) return parsing.nest(() => parseLet(parsing));
  if (least === 0 && parsing.is("if")) return parseIf(parsing);
  let node = parsePrimary(parsing);
  let before = "";
  for (;;) {
    const operator = findOperator(parsing, least);
    if (operator === undefined) break;
    if (before === "??" && operator.text !== "??" && operator.text !== "|") {
      throw new ConditionError(`"??" and ${JSON.stringify(operator.text)} need brackets between them`, operator.at);
    }
    node = parseOperation(parsing, node, operator);
    before = operator.text;
  }
  return least === 0 ? parseTernary(parsing, node) : node;
}

interface OperatorInHand {
  readonly text: string;
  readonly at: number;
  readonly precedence: number;
  readonly isNegated: boolean;
}

/** The binary operator that is next, where it binds at least so tight. */
function findOperator(parsing: Parsing, least: number): OperatorInHand | undefined {
  const { token, following } = parsing;
  if (token.type !== "operator") return undefined;
  const isNegated = token.text === "not";
  if (isNegated && !(following.type === "operator" && negatable.includes(following.text))) {
    throw parsing.unexpected("an operator");
  }
  const text = isNegated && following.type === "operator" ? following.text : token.text;
  const precedence = precedences.get(text);
  if (precedence === undefined || precedence < least) return undefined;
  return { text, at: token.at, precedence, isNegated };
}

function parseOperation(parsing: Parsing, left: Node, operator: OperatorInHand): Node {
  const { text, at, precedence, isNegated } = operator;
  if (isNegated) parsing.next();
  switch (text) {
    case "|": {
      parsing.next();
      const name = parsing.expectName("a function");
      return parseCall(parsing, name.text, name.at, [left]);
    }
    case "||":
    case "or":
    case "&&":
    case "and":
    case "??":
      return parseJoined(parsing, left, precedence);
    case "<":
    case ">":
    case "<=":
    case ">=":
      return parseComparison(parsing, left);
    case "^":
    case "**":
      parsing.next();
      return binary(
        parsing,
        left,
        parsing.nest(() => parseExpression(parsing, precedence)),
        text,
        at,
      );
    default: {
      parsing.next();
      const node = binary(parsing, left, parseExpression(parsing, precedence + 1), text, at);
      return isNegated ? parsing.build.unary(node, at, (value) => !asBoolean(value)) : node;
    }
  }
}

function binary(parsing: Parsing, left: Node, right: Node, text: string, at: number): Node {
  const { build } = parsing;
  const { meter, patterns } = build.evaluation;
  if (text === "matches") {
    const { constant } = right;
    const known = typeof constant?.value === "string" ? compilePattern(constant.value, right.at) : undefined;
    return build.binary(left, right, at, (value, pattern) => matches(value, known ?? pattern, patterns, meter));
  }
  const compute = operators.get(text);
  if (compute === undefined) throw new ConditionError(`there is no operator ${JSON.stringify(text)}`, at);
  return build.binary(left, right, at, (a, b) => compute(a, b, meter));
}

/** `a || b || c`, any number of them: which brackets are thought between them makes no difference. */
function parseJoined(parsing: Parsing, first: Node, precedence: number): Node {
  const nodes = [first];
  const { token } = parsing;
  let found = findOperator(parsing, precedence);
  while (found?.precedence === precedence) {
    parsing.next();
    nodes.push(parseExpression(parsing, precedence + 1));
    found = findOperator(parsing, precedence);
  }
  return joinBalanced(parsing, nodes, precedence, token.at);
}

/** As a tree that is not deep, so that a long list of alternatives is none. */
function joinBalanced(parsing: Parsing, nodes: readonly Node[], precedence: number, at: number): Node {
  const [first] = nodes;
  if (first !== undefined && nodes.length === 1) return first;
  const half = Math.ceil(nodes.length / 2);
  const left = joinBalanced(parsing, nodes.slice(0, half), precedence, at);
  const right = joinBalanced(parsing, nodes.slice(half), precedence, at);
  const { evaluation } = parsing.build;
  return parsing.build.lazy(left, right, at, (a, b) => {
    const value = evaluation.settle(a);
    if (precedence === coalescePrecedence) return isNil(value) ? evaluation.settle(b) : value;
    const isDecided = asBoolean(value, left.at) === (precedence === orPrecedence);
    return isDecided ? value : asBoolean(evaluation.settle(b), right.at);
  });
}

/** `1 < x < 5` is `1 < x && x < 5`. */
function parseComparison(parsing: Parsing, first: Node): Node {
  const comparisons: Node[] = [];
  let left = first;
  const { at } = parsing.token;
  while (parsing.is("<", ">", "<=", ">=")) {
    const operator = parsing.next();
    const right = parseExpression(parsing, comparisonPrecedence + 1);
    const text = operator.type === "operator" ? operator.text : "";
    comparisons.push(binary(parsing, left, right, text, operator.at));
    left = right;
  }
  return joinBalanced(parsing, comparisons, andPrecedence, at);
}

function parseTernary(parsing: Parsing, first: Node): Node {
  let node = first;
  while (parsing.is("?")) {
    const { at } = parsing.next();
    const test = node;
    const hasConsequent = !parsing.is(":");
    const consequent = hasConsequent ? parsing.nest(() => parseExpression(parsing)) : test;
    parsing.expect(":");
    const alternate = parsing.nest(() => parseExpression(parsing));
    node = choose(parsing, test, consequent, alternate, at);
  }
  return node;
}

function choose(parsing: Parsing, test: Node, consequent: Node, alternate: Node, at: number): Node {
  const checked = parsing.build.unary(test, test.at, (value) => asBoolean(value));
  return parsing.build.choice(checked, consequent, alternate, at);
}

function parseIf(parsing: Parsing): Node {
  const { at } = parsing.expect("if");
  const test = parsing.nest(() => parseExpression(parsing));
  const consequent = parseBlock(parsing);
  parsing.expect("else");
  const alternate = parsing.is("if") ? parsing.nest(() => parseIf(parsing)) : parseBlock(parsing);
  return choose(parsing, test, consequent, alternate, at);
}

function parseBlock(parsing: Parsing): Node {
  parsing.expect("{");
  const node = parsing.nest(() => parseSequence(parsing));
  parsing.expect("}");
  return node;
}

function parseLet(parsing: Parsing): Node {
  parsing.expect("let");
  const name = parsing.expectName("a name");
  checkNewName(parsing, name.text, name.at);
  parsing.expect("=");
  const value = parseExpression(parsing);
  parsing.expect(";");
  const { node, slot } = parsing.withVariable(name.text, () => parseSequence(parsing));
  const { evaluation } = parsing.build;
  return parsing.build.lazy(value, node, name.at, (given, body) => {
    evaluation.context[slot] = evaluation.settle(given);
    return evaluation.settle(body);
  });
}

function checkNewName(parsing: Parsing, name: string, at: number): void {
  const isVariable = parsing.options.names.includes(name) || parsing.findVariable(name) !== undefined;
  const isTaken = isVariable || functionNames.includes(name) || constants.has(name);
  if (isTaken) throw new ConditionError(`${quote(name)} means something already`, at);
}
