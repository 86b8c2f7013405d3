// Functions that evaluate a predicate for each item of a list: https://expr-lang.org/docs/language-definition#predicate.

import { ConditionError } from "./condition-error.ts";
import type { Evaluation } from "./jexl-tree.ts";
import { checkKey, sortBy } from "./list-functions.ts";
import { sumOf } from "./number-functions.ts";
import { add } from "./operators.ts";
import { isList, kindOf, type ListValue } from "./values.ts";

/** What one call has in hand. */
export interface PredicateCall {
  readonly name: string;
  readonly list: ListValue;
  /** Value of the predicate for an item. */
  readonly of: (index: number) => unknown;
  /** The same, where it must be true or false. */
  readonly holds: (index: number) => boolean;
  /** The argument behind the predicate, where there is one. */
  readonly extra: { readonly value: unknown } | undefined;
  readonly setAccumulator: (value: unknown) => void;
  readonly evaluation: Evaluation;
}

export interface PredicateFunction {
  readonly isOptional?: boolean;
  readonly takesExtra?: boolean;
  readonly hasAccumulator?: boolean;
  readonly call: (call: PredicateCall) => unknown;
}

export const predicateFunctions: Readonly<Record<string, PredicateFunction>> = {
  all: { call: ({ list, holds }) => list.every((_, index) => holds(index)) },
  none: { call: ({ list, holds }) => !list.some((_, index) => holds(index)) },
  any: { call: ({ list, holds }) => list.some((_, index) => holds(index)) },
  one: { call: ({ list, holds }) => list.filter((_, index) => holds(index)).length === 1 },
  filter: { call: made(({ list, holds }) => list.filter((_, index) => holds(index))) },
  map: { call: made(({ list, of }) => list.map((_, index) => of(index))) },
  count: { isOptional: true, call: ({ list, holds }) => list.filter((_, index) => holds(index)).length },
  sum: {
    isOptional: true,
    call: made(({ list, of, evaluation: { meter } }) =>
      sumOf(
        list.map((_, index) => of(index)),
        meter,
        (a, b) => add(a, b, meter),
      ),
    ),
  },
  find: { call: ({ list, holds }) => list.find((_, index) => holds(index)) ?? null },
  findIndex: { call: ({ list, holds }) => found(list.findIndex((_, index) => holds(index))) },
  findLast: { call: ({ list, holds }) => list.findLast((_, index) => holds(index)) ?? null },
  findLastIndex: { call: ({ list, holds }) => found(list.findLastIndex((_, index) => holds(index))) },
  groupBy: { call: made(groupBy) },
  sortBy: {
    takesExtra: true,
    call: made(({ list, of, extra, evaluation: { meter } }) => {
      const keys = list.map((_, index) => of(index));
      return sortBy(list, keys, extra === undefined ? "asc" : extra.value, meter);
    }),
  },
  reduce: { takesExtra: true, hasAccumulator: true, call: reduce },
};

/** Of those that make a list: that it may be made is asked first. */
function made(call: PredicateFunction["call"]): PredicateFunction["call"] {
  return (given) => {
    given.evaluation.meter.makeItems(given.list.length);
    return call(given);
  };
}

function found(index: number): number | null {
  return index === -1 ? null : index;
}

function groupBy({ list, of }: PredicateCall): ReadonlyMap<unknown, ListValue> {
  return Map.groupBy(list, (_, index) => checkKey(of(index)));
}

function reduce({ list, of, extra, setAccumulator }: PredicateCall): unknown {
  if (extra === undefined && list.length === 0) {
    throw new ConditionError("reduce() of an empty list takes an initial value");
  }
  let result = extra === undefined ? list[0] : extra.value;
  for (let index = extra === undefined ? 1 : 0; index < list.length; index++) {
    setAccumulator(result);
    result = of(index);
  }
  return result ?? null;
}

export function toList(name: string, value: unknown): ListValue {
  if (isList(value)) return value;
  throw new ConditionError(`${name}() takes a list, not ${kindOf(value)}`);
}
