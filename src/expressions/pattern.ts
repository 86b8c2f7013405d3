// Patterns of `matches`: Go's syntax, matched in time linear in the text.

import { RE2JS } from "re2js";
import { ConditionError } from "./condition-error.ts";
import type { Meter } from "./meter.ts";
import { isNil, notDefined } from "./values.ts";

const maxCharacters = 1000;
/** Of one that is made while an expression is evaluated: compiling takes time too. */
const maxMadeCharacters = 200;
const maxInstructions = 5000;
/** At worst the engine takes 2.6 ns for each character and instruction; a unit is about 50 ns. */
const instructionsPerUnit = 20;
/** What compiling takes at most: one evaluation makes ten patterns, no more. */
const unitsToCompile = 400_000;

/** @throws {ConditionError} when it is too long, too large once compiled, or not a pattern. */
export function compilePattern(source: string, at?: number, maxLength = maxCharacters): RE2JS {
  if (source.length > maxLength) {
    throw new ConditionError(`the pattern is longer than ${maxLength} characters`, at);
  }
  const pattern = tryCompile(source, at);
  if (pattern.programSize() <= maxInstructions) return pattern;
  throw new ConditionError("the pattern is too large; it repeats too much", at);
}

function tryCompile(source: string, at: number | undefined): RE2JS {
  try {
    return RE2JS.compile(source);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^error parsing regexp: /, "") : String(error);
    throw new ConditionError(`the pattern is not valid: ${reason}`, at);
  }
}

/** Of one evaluation: the same pattern is compiled once, however many items are matched with it. */
export type MadePatterns = Map<string, RE2JS>;

/** True if the pattern occurs anywhere in the text; nil matches nothing. */
export function matches(value: unknown, pattern: unknown, made: MadePatterns, meter: Meter): boolean {
  if (isNil(value) || isNil(pattern)) return false;
  if (typeof value !== "string") throw notDefined("matches", value, pattern);
  if (pattern instanceof RE2JS) return test(pattern, value, meter);
  if (typeof pattern !== "string") throw notDefined("matches", value, pattern);
  let compiled = made.get(pattern);
  if (compiled === undefined) {
    meter.spend(unitsToCompile);
    compiled = compilePattern(pattern, undefined, maxMadeCharacters);
    made.set(pattern, compiled);
  }
  return test(compiled, value, meter);
}

function test(pattern: RE2JS, text: string, meter: Meter): boolean {
  meter.spend(1 + (text.length * pattern.programSize()) / instructionsPerUnit);
  return pattern.test(text);
}
