// Patterns of `matches`: Go's syntax, matched in time linear in the text.

import { RE2JS } from "re2js";
import { ConditionError } from "./condition-error.ts";
import type { Meter } from "./meter.ts";

const maxCharacters = 1000;
const maxInstructions = 5000;
/** At worst the engine takes 2.6 ns for each character and instruction; a unit is about 50 ns. */
const instructionsPerUnit = 20;

/** @throws {ConditionError} when it is too long, too large once compiled, or not a pattern. */
export function compilePattern(source: string, at: number): RE2JS {
  if (source.length > maxCharacters) {
    throw new ConditionError(`the pattern is longer than ${maxCharacters} characters`, at);
  }
  const pattern = tryCompile(source, at);
  if (pattern.programSize() <= maxInstructions) return pattern;
  throw new ConditionError("the pattern is too large; it repeats too much", at);
}

function tryCompile(source: string, at: number): RE2JS {
  try {
    return RE2JS.compile(source);
  } catch (error) {
    const reason = error instanceof Error ? error.message.replace(/^error parsing regexp: /, "") : String(error);
    throw new ConditionError(`the pattern is not valid: ${reason}`, at);
  }
}

/** True if the pattern occurs anywhere in the text. */
export function findPattern(pattern: RE2JS, text: string, meter: Meter): boolean {
  meter.spend(1 + (text.length * pattern.programSize()) / instructionsPerUnit);
  return pattern.test(text);
}
