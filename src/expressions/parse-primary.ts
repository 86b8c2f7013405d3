// A value by itself: literals, names, signs, brackets, lists and maps.

import { ConditionError, quote } from "./condition-error.ts";
import type { Node } from "./jexl-tree.ts";
import { parseCall } from "./parse-call.ts";
import { parsePostfix } from "./parse-postfix.ts";
import type { Parsing } from "./parsing.ts";
import { asBoolean, kindOf } from "./values.ts";

const signPrecedence = 90;
const notPrecedence = 50;

export const constants: ReadonlyMap<string, unknown> = new Map<string, unknown>([
  ["true", true],
  ["false", false],
  ["nil", null],
]);

export function parsePrimary(parsing: Parsing): Node {
  const { token, build } = parsing;
  if (token.type === "literal") {
    parsing.next();
    const node = build.literal(token.value, token.at);
    return typeof token.value === "number" ? node : parsePostfix(parsing, node);
  }
  if (token.type === "name") return parseName(parsing, token.text, token.at);
  if (parsing.is("not", "!", "-", "+")) return parseUnary(parsing);
  if (parsing.is("#", ".")) return parsePostfix(parsing, parsePointer(parsing));
  if (parsing.skip("(")) {
    const node = parsing.nest(() => parsing.sequence());
    parsing.expect(")");
    return parsePostfix(parsing, node);
  }
  if (parsing.skip("::")) {
    const name = parsing.expectName("a function");
    return parsePostfix(parsing, parseCall(parsing, name.text, name.at, []));
  }
  if (parsing.is("[")) return parsePostfix(parsing, parseList(parsing));
  if (parsing.is("{")) return parsePostfix(parsing, parseMap(parsing));
  throw parsing.unexpected(parsing.isAtEnd() ? "a value" : undefined);
}

function parseUnary(parsing: Parsing): Node {
  const { build } = parsing;
  const token = parsing.next();
  const sign = token.type === "operator" ? token.text : "";
  const isSign = sign === "-" || sign === "+";
  const operand = parsing.nest(() => parsing.expression(isSign ? signPrecedence : notPrecedence));
  const { constant } = operand;
  if (isSign && typeof constant?.value === "number") {
    return build.literal(sign === "-" ? 0 - constant.value : constant.value, token.at);
  }
  const node = build.unary(operand, token.at, (value) => {
    if (!isSign) return !asBoolean(value, operand.at);
    if (typeof value !== "number") throw new ConditionError(`"${sign}" is not defined on ${kindOf(value)}`);
    return sign === "-" ? 0 - value : value;
  });
  return parsePostfix(parsing, node);
}

function parseName(parsing: Parsing, text: string, at: number): Node {
  const { build, options } = parsing;
  parsing.next();
  const constant = constants.get(text);
  if (constant !== undefined) return build.literal(constant, at);
  if (parsing.is("(")) return parsePostfix(parsing, parseCall(parsing, text, at, []));
  const slot = parsing.findVariable(text);
  if (slot !== undefined) return parsePostfix(parsing, build.name(slot, at));
  if (options.names.includes(text)) return parsePostfix(parsing, build.name(text, at));
  if (text === "$env")
    return parsePostfix(
      parsing,
      build.call([], at, () => environment(parsing)),
    );
  throw new ConditionError(`unknown name ${quote(text)}; known are ${options.names.join(", ")}`, at);
}

function environment({ build, options }: Parsing): ReadonlyMap<string, unknown> {
  return new Map(options.names.map((name) => [name, build.evaluation.context[name]]));
}

/** `#`, `#index`, `#acc`; `.name` is `#.name`. */
function parsePointer(parsing: Parsing): Node {
  const { frame, token, build } = parsing;
  if (frame === undefined) throw new ConditionError("this has a meaning within a predicate only", token.at);
  if (!parsing.skip("#")) return build.name(frame.item, token.at);
  const { token: name } = parsing;
  if (name.type !== "name") return build.name(frame.item, token.at);
  parsing.next();
  if (name.text === "index") return build.name(frame.index, token.at);
  if (name.text === "acc" && frame.accumulator !== undefined) return build.name(frame.accumulator, token.at);
  throw new ConditionError(`there is no ${quote(`#${name.text}`)} here`, token.at);
}

function parseList(parsing: Parsing): Node {
  const { build } = parsing;
  const { at } = parsing.expect("[");
  const nodes: Node[] = [];
  while (!parsing.is("]")) {
    nodes.push(parsing.nest(() => parsing.expression()));
    if (!parsing.is("]")) parsing.expect(",");
  }
  parsing.expect("]");
  const constant = nodes.flatMap((node) => (node.constant === undefined ? [] : [node.constant.value]));
  if (constant.length === nodes.length) return build.literal(constant, at);
  return build.call(nodes, at, (values) => values);
}

function parseMap(parsing: Parsing): Node {
  const { build } = parsing;
  const { at } = parsing.expect("{");
  const parts: Node[] = [];
  while (!parsing.is("}")) {
    parts.push(parseKey(parsing));
    parsing.expect(":");
    parts.push(parsing.nest(() => parsing.expression()));
    if (!parsing.is("}")) parsing.expect(",");
  }
  parsing.expect("}");
  return build.call(parts, at, toMap);
}

/** A name, a text, a number, or an expression in brackets. */
function parseKey(parsing: Parsing): Node {
  const { token, build } = parsing;
  if (parsing.is("(")) return parsing.nest(() => parsing.expression());
  const isText = token.type === "literal" && typeof token.value !== "object";
  if (token.type !== "name" && !isText) throw parsing.unexpected("a key");
  parsing.next();
  return build.literal(token.type === "name" ? token.text : String(token.value), token.at);
}

function toMap(parts: readonly unknown[]): Readonly<Record<string, unknown>> {
  const map = Object.create(null) as Record<string, unknown>;
  for (let at = 0; at < parts.length; at += 2) {
    const key = parts[at];
    if (typeof key !== "string") throw new ConditionError(`the key of a map is a text, not ${kindOf(key)}`);
    // Of a key that is given twice the first counts.
    if (!Object.hasOwn(map, key)) map[key] = parts[at + 1];
  }
  return map;
}
