// What follows a value: members, methods, items and slices, https://expr-lang.org/docs/language-definition#membership-operator.

import { ConditionError } from "./condition-error.ts";
import type { Node } from "./jexl-tree.ts";
import type { Meter } from "./meter.ts";
import { parseMethodCall } from "./parse-call.ts";
import type { Parsing } from "./parsing.ts";
import { countCharacters, sliceText } from "./text-functions.ts";
import { getIndexed, getMember, isList, isNil, kindOf } from "./values.ts";

/**
 * After `?.` on nil the rest of the chain is not looked at: `undefined` stands for that until the chain ends, and no
 * value of an expression is ever undefined.
 */
interface Chain {
  readonly node: Node;
  readonly isOptional: boolean;
}

export function parsePostfix(parsing: Parsing, first: Node): Node {
  // Brackets around a chain do not end it.
  let chain: Chain = { node: first.chain ?? first, isOptional: first.chain !== undefined };
  while (parsing.is(".", "?.", "[")) {
    const isOptional = parsing.is("?.");
    const { following } = parsing;
    if (parsing.is("[")) chain = { node: parseItem(parsing, endChain(parsing, chain), false), isOptional: false };
    else if (isOptional && following.type === "operator" && following.text === "[") {
      parsing.next();
      chain = { node: parseItem(parsing, endChain(parsing, chain), true), isOptional: true };
    } else {
      parsing.next();
      chain = { node: parseMember(parsing, chain.node, isOptional), isOptional: isOptional || chain.isOptional };
    }
  }
  return endChain(parsing, chain);
}

function endChain({ build }: Parsing, { node, isOptional }: Chain): Node {
  return isOptional ? { ...build.unary(node, node.at, (value) => value ?? null), chain: node } : node;
}

function parseMember(parsing: Parsing, of: Node, isOptional: boolean): Node {
  const { token } = parsing;
  const isName = token.type === "name" || (token.type === "operator" && /^[a-z]/i.test(token.text));
  if (!isName) throw parsing.unexpected("a name");
  parsing.next();
  const { text, at } = token;
  const { build, options } = parsing;
  if (parsing.is("(")) {
    const subject = isOptional ? build.unary(of, at, (value) => value ?? undefined) : of;
    return parseMethodCall(parsing, subject, text, at);
  }
  return build.unary(of, at, (value) => {
    if (value === undefined || (isOptional && value === null)) return undefined;
    return value === null && options.isNilOpen ? null : getMember(value, text);
  });
}

/** `[index]`, `[from:to]` and its shorter forms. */
function parseItem(parsing: Parsing, of: Node, isOptional: boolean): Node {
  const { at } = parsing.expect("[");
  const { build, options } = parsing;
  const from = parsing.is(":") ? undefined : parsing.nest(() => parsing.expression());
  if (from !== undefined && parsing.skip("]")) {
    return build.binary(of, from, at, (value, index) => {
      if (isOptional && isNil(value)) return undefined;
      return isNil(value) && options.isNilOpen ? null : getIndexed(value, index);
    });
  }
  parsing.expect(":");
  const to = parsing.is("]") ? undefined : parsing.nest(() => parsing.expression());
  parsing.expect("]");
  const { meter } = build.evaluation;
  const ends = [from ?? build.literal(0, at), to ?? build.literal(Infinity, at)];
  return build.call([of, ...ends], at, ([value, start, end]) =>
    isNil(value) && options.isNilOpen ? null : slice(value, start, end, meter),
  );
}

function slice(of: unknown, from: unknown, to: unknown, meter: Meter): unknown {
  if (typeof from !== "number" || typeof to !== "number") {
    throw new ConditionError(`a slice goes from a number to a number, not from ${kindOf(from)} to ${kindOf(to)}`);
  }
  if (typeof of !== "string" && !isList(of)) throw new ConditionError(`there is no slice of ${kindOf(of)}`);
  const length = typeof of === "string" ? countCharacters(of, meter) : of.length;
  const place = (at: number): number =>
    Math.min(length, Math.max(0, at < 0 ? length + Math.trunc(at) : Math.trunc(at)));
  const [start, end] = [place(from), place(to)];
  if (typeof of === "string") return sliceText(of, start, end, meter);
  meter.makeItems(Math.max(0, end - start));
  return of.slice(start, end);
}
