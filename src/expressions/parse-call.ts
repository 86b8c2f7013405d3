// Calls: functions, functions with a predicate, and methods.

import { Arguments, type Callables, checkCount } from "./arguments.ts";
import { ConditionError, quote } from "./condition-error.ts";
import { conversionFunctions } from "./conversion-functions.ts";
import { Duration, Time, Zone } from "./go-time.ts";
import type { Lazy, Node } from "./jexl-tree.ts";
import { listFunctions } from "./list-functions.ts";
import { numberFunctions } from "./number-functions.ts";
import type { Parsing, PredicateFrame } from "./parsing.ts";
import { type PredicateFunction, predicateFunctions, toList } from "./predicates.ts";
import { textFunctions } from "./text-functions.ts";
import { durationMethods, timeFunctions, timeMethods, zoneMethods } from "./time-functions.ts";
import { asBoolean, kindOf } from "./values.ts";

const functions: Callables = {
  ...textFunctions,
  ...timeFunctions,
  ...numberFunctions,
  ...listFunctions,
  ...conversionFunctions,
};

export const functionNames: readonly string[] = [...Object.keys(functions), ...Object.keys(predicateFunctions)];

/** `name(…)` where the name is read already; `piped` comes before what stands between the brackets. */
export function parseCall(parsing: Parsing, name: string, at: number, piped: readonly Node[]): Node {
  const predicate = own(predicateFunctions, name);
  if (predicate !== undefined) return parsePredicateCall(parsing, name, at, predicate, piped);
  const known = own(functions, name);
  if (known === undefined) throw new ConditionError(`there is no function ${quote(name)}`, at);
  const values = [...piped, ...parseArguments(parsing)];
  checkCount(name, known, values.length, at);
  const { evaluation } = parsing.build;
  return parsing.build.call(values, at, (given) => known.call(new Arguments(name, given, evaluation)));
}

function own<Value>(record: Readonly<Record<string, Value>>, name: string): Value | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

function parseArguments(parsing: Parsing): readonly Node[] {
  const values: Node[] = [];
  parsing.expect("(");
  while (!parsing.is(")")) {
    values.push(parsing.nest(() => parsing.expression()));
    if (!parsing.is(")")) parsing.expect(",");
  }
  parsing.expect(")");
  return values;
}

function parsePredicateCall(
  parsing: Parsing,
  name: string,
  at: number,
  { isOptional = false, takesExtra = false, hasAccumulator = false, call }: PredicateFunction,
  [piped]: readonly Node[],
): Node {
  parsing.expect("(");
  const list = piped ?? parsing.nest(() => parsing.expression());
  if (piped === undefined && !(isOptional && parsing.is(")"))) parsing.expect(",");
  const isBare = isOptional && parsing.is(")");
  const parse = isBare ? itemItself(parsing) : () => parsing.nest(() => parsePredicate(parsing));
  const { node, frame } = parsing.withFrame(hasAccumulator, parse);
  let extra: Node | undefined;
  if (parsing.skip(",") && takesExtra && !parsing.is(")")) {
    extra = parsing.nest(() => parsing.expression());
    parsing.skip(",");
  }
  parsing.expect(")");
  const { build } = parsing;
  const given = extra === undefined ? list : build.call([list, extra], at, (values) => values);
  return build.lazy(given, node, at, (left, right) => {
    const value = build.evaluation.settle(left);
    const [items, ...extras] = extra === undefined ? [value] : (value as readonly unknown[]);
    return call(createPredicateCall(parsing, name, items, extras, right, frame, node.at));
  });
}

function createPredicateCall(
  { build: { evaluation } }: Parsing,
  name: string,
  items: unknown,
  extras: readonly unknown[],
  predicate: Lazy,
  frame: PredicateFrame,
  at: number,
): Parameters<PredicateFunction["call"]>[0] {
  const list = toList(name, items);
  const { context } = evaluation;
  const of = (index: number): unknown => {
    context[frame.item] = list[index] ?? null;
    context[frame.index] = index;
    evaluation.meter.spendNodes(1);
    return evaluation.settle(predicate);
  };
  return {
    name,
    list,
    of,
    holds: (index) => asBoolean(of(index), at),
    extra: extras.length === 0 ? undefined : { value: extras[0] },
    setAccumulator: (value) => {
      if (frame.accumulator !== undefined) context[frame.accumulator] = value;
    },
    evaluation,
  };
}

function itemItself(parsing: Parsing): () => Node {
  const { at } = parsing.token;
  return () => parsing.build.name(parsing.frame?.item ?? "", at);
}

/** In braces it may be a sequence; they may be left out. */
function parsePredicate(parsing: Parsing): Node {
  if (!parsing.skip("{")) return parsing.expression();
  const node = parsing.sequence();
  parsing.expect("}");
  return node;
}

/** `of.name(…)` where the name is read already; undefined stays undefined: see parse-postfix.ts. */
export function parseMethodCall(parsing: Parsing, of: Node, name: string, at: number): Node {
  const values = [of, ...parseArguments(parsing)];
  const { evaluation } = parsing.build;
  return parsing.build.call(values, at, (given) => {
    if (given[0] === undefined) return undefined;
    const method = own(methodsOf(given[0]), name);
    if (method === undefined) throw new ConditionError(`${kindOf(given[0])} has no method ${quote(name)}`);
    const { least, most } = method;
    checkCount(name, { ...method, least: least - 1, most: most - 1 }, given.length - 1);
    return method.call(new Arguments(name, given, evaluation));
  });
}

function methodsOf(value: unknown): Callables {
  if (value instanceof Time) return timeMethods;
  if (value instanceof Duration) return durationMethods;
  return value instanceof Zone ? zoneMethods : {};
}
