// The arguments of functions and methods: checked, so that what is given to them is what they are made for.

import { ConditionError } from "./condition-error.ts";
import { Duration, Time, Zone } from "./go-time.ts";
import type { Evaluation } from "./jexl-tree.ts";
import { isList, isMap, kindOf, type ListValue, type MapValue } from "./values.ts";

/** What a function is given. */
export class Arguments {
  readonly name: string;
  readonly values: readonly unknown[];
  readonly evaluation: Evaluation;

  constructor(name: string, values: readonly unknown[], evaluation: Evaluation) {
    this.name = name;
    this.values = values;
    this.evaluation = evaluation;
  }

  get meter(): Evaluation["meter"] {
    return this.evaluation.meter;
  }

  get count(): number {
    return this.values.length;
  }

  text(index: number): string {
    const value = this.values[index];
    return typeof value === "string" ? value : this.#refuse(index, "a text");
  }

  number(index: number): number {
    const value = this.values[index];
    return typeof value === "number" ? value : this.#refuse(index, "a number");
  }

  integer(index: number): number {
    const value = this.values[index];
    return typeof value === "number" && Number.isInteger(value) ? value : this.#refuse(index, "a whole number");
  }

  list(index: number): ListValue {
    const value = this.values[index];
    return isList(value) ? value : this.#refuse(index, "a list");
  }

  map(index: number): MapValue {
    const value = this.values[index];
    return isMap(value) ? value : this.#refuse(index, "a map");
  }

  time(index: number): Time {
    const value = this.values[index];
    return value instanceof Time ? value : this.#refuse(index, "a date");
  }

  duration(index: number): Duration {
    const value = this.values[index];
    return value instanceof Duration ? value : this.#refuse(index, "a duration");
  }

  zone(index: number): Zone {
    const value = this.values[index];
    return value instanceof Zone ? value : this.#refuse(index, "a timezone");
  }

  #refuse(index: number, wanted: string): never {
    const which = this.count === 1 ? "its argument" : `its argument ${index + 1}`;
    const value = this.values[index];
    const found = typeof value === "number" ? `the number ${value}` : kindOf(value);
    throw new ConditionError(`${this.name}() takes ${wanted}, but ${which} is ${found}`);
  }
}

/** A function or a method: how many arguments it takes, and what it comes to. */
export interface Callable {
  readonly least: number;
  readonly most: number;
  readonly call: (given: Arguments) => unknown;
}

export type Callables = Readonly<Record<string, Callable>>;

export function callable(least: number, most: number, call: Callable["call"]): Callable {
  return { least, most, call };
}

/** @throws {ConditionError} when the number of arguments is not among those it takes. */
export function checkCount(name: string, { least, most }: Callable, count: number, at?: number): void {
  if (count >= least && count <= most) return;
  const wanted = least === most ? String(least) : most === Infinity ? `at least ${least}` : `${least} to ${most}`;
  throw new ConditionError(`${name}() takes ${wanted} argument${wanted === "1" ? "" : "s"}, not ${count}`, at);
}
