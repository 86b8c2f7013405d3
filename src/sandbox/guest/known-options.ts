// Options that a script gives to a function: an object with fields that there are.

import { didYouMean } from "../../core/did-you-mean.ts";
import { stringifyJson } from "./host.ts";

/** @throws {TypeError} when it is no object or has an option that there is not. */
export function readOptions<Field extends string>(
  caller: string,
  given: unknown,
  known: Iterable<Field>,
  example: string,
): { readonly [field in Field]?: unknown } {
  if (typeof given !== "object" || given === null || Array.isArray(given)) {
    throw new TypeError(`${caller}: takes an object, as ${example}`);
  }
  const fields: readonly string[] = [...known];
  const unknown = Object.keys(given).find((field) => !fields.includes(field));
  if (unknown === undefined) return given;
  const nearest = didYouMean(unknown, fields);
  const question = nearest === undefined ? "" : `; did you mean ${stringifyJson(nearest)}?`;
  throw new TypeError(`${caller}: unknown option ${stringifyJson(unknown)}${question}`);
}

/** A text that may be left out. @throws {TypeError} for any other value. */
export function readText(caller: string, field: string, value: unknown, maxLength: number): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== "string") throw new TypeError(`${caller}: ${field} must be a text, not ${typeof value}`);
  if (value.length <= maxLength) return value;
  throw new TypeError(`${caller}: ${field} has ${value.length} characters; at most ${maxLength} are taken`);
}

/** A duration, whose value the host checks. @throws {TypeError} when it is no text and no number. */
export function readTimeout(caller: string, value: unknown): string | number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value === "string" || typeof value === "number") return value;
  throw new TypeError(`${caller}: timeout must be a duration as "2h", or milliseconds, not ${typeof value}`);
}
