// Reading what an author wrote as data: each complaint names the place, and what was probably meant.

import { AppError, toAppError } from "../../core/app-error.ts";
import { didYouMean } from "../../core/did-you-mean.ts";
import { parseDuration } from "../../core/duration.ts";
import type { JsonValue } from "../../core/json.ts";

export type Fields = Readonly<Record<string, JsonValue | undefined>>;

/** @throws {AppError} VALIDATION_FAILED when it is no object, or has a field that there is not. */
export function readFields(place: string, value: JsonValue | undefined, known?: readonly string[]): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw wrong(place, "an object", value);
  const fields = value as Fields;
  const unknown = known && Object.keys(fields).find((field) => !known.includes(field));
  if (known === undefined || unknown === undefined) return fields;
  const meant = didYouMean(unknown, known);
  throw new AppError("VALIDATION_FAILED", `${inside(place, unknown)} is not known`, {
    hint: meant === undefined ? `there are ${known.join(", ")}` : `did you mean ${meant}?`,
  });
}

/** The entries of an object whose names are the author's own; absent: none. */
export function readEntries(place: string, value: JsonValue | undefined): readonly (readonly [string, JsonValue])[] {
  if (value === undefined) return [];
  return Object.entries(readFields(place, value)).flatMap(([name, item]) => (item === undefined ? [] : [[name, item]]));
}

export function readText(place: string, value: JsonValue | undefined): string {
  if (typeof value === "string") return value;
  throw wrong(place, "a text", value);
}

export function readTexts(place: string, value: JsonValue | undefined): readonly string[] {
  return readList(place, value).map((item, index) => readText(`${place}[${index}]`, item));
}

export function readList(place: string, value: JsonValue | undefined): readonly JsonValue[] {
  if (Array.isArray(value)) return value as readonly JsonValue[];
  throw wrong(place, "a list", value);
}

export function readWhole(place: string, value: JsonValue | undefined): number {
  if (typeof value === "number" && Number.isInteger(value)) return value;
  throw wrong(place, "a whole number", value);
}

export function readFlag(place: string, value: JsonValue | undefined): boolean {
  if (typeof value === "boolean") return value;
  throw wrong(place, "true or false", value);
}

export function readChoice<Choice extends string>(
  place: string,
  value: JsonValue | undefined,
  choices: readonly Choice[],
): Choice {
  const found = choices.find((choice) => choice === value);
  if (found !== undefined) return found;
  const meant = typeof value === "string" ? didYouMean(value, choices) : undefined;
  throw wrong(place, `one of ${choices.join(", ")}`, value, meant);
}

/** In milliseconds. */
export function readDuration(place: string, value: JsonValue | undefined): number {
  try {
    return parseDuration(value);
  } catch (thrown) {
    throw new AppError("VALIDATION_FAILED", `${place}: ${toAppError(thrown).message}`);
  }
}

/** A body is a text, or data that stands for its JSON. */
export function readBody(value: JsonValue | undefined): { readonly text: string; readonly isJson: boolean } {
  if (value === undefined) return { text: "", isJson: false };
  return typeof value === "string" ? { text: value, isJson: false } : { text: JSON.stringify(value), isJson: true };
}

export function readHeaders(place: string, value: JsonValue | undefined): Readonly<Record<string, string>> {
  const entries = readEntries(place, value);
  return Object.fromEntries(entries.map(([name, text]) => [name.toLowerCase(), readText(inside(place, name), text)]));
}

/** The place of a field, as one would write it. */
export function inside(place: string, field: string): string {
  const name = /^[A-Za-z_$][\w$]*$/.test(field) ? `.${field}` : `[${JSON.stringify(field)}]`;
  return place === "" ? field : `${place}${name}`;
}

export function wrong(place: string, expected: string, value: JsonValue | undefined, meant?: string): AppError {
  const what =
    value === undefined
      ? `is missing: write ${expected}`
      : `must be ${expected}, not ${JSON.stringify(value).slice(0, 100)}`;
  const hint = meant === undefined ? {} : { hint: `did you mean ${JSON.stringify(meant)}?` };
  return new AppError("VALIDATION_FAILED", `${place} ${what}`, hint);
}

export function readTextMap(place: string, value: JsonValue | undefined): ReadonlyMap<string, string> {
  return new Map(readEntries(place, value).map(([name, text]) => [name, readText(inside(place, name), text)]));
}
