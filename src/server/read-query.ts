// Values of query parameters, checked; each error names its parameter.

import { AppError } from "../core/app-error.ts";
import { parseDuration } from "../core/duration.ts";

type Query = Readonly<Record<string, string>>;

/** @throws {AppError} VALIDATION_FAILED when it is not a whole number within the bounds. */
export function readInteger(
  query: Query,
  name: string,
  bounds: { min: number; max: number; otherwise: number },
): number {
  const text = query[name];
  if (text === undefined || text === "") return bounds.otherwise;
  const value = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= bounds.min && value <= bounds.max) return value;
  throw invalid(name, text, `a whole number from ${bounds.min} to ${bounds.max}`);
}

/** @throws {AppError} VALIDATION_FAILED when it is none of these. */
export function readChoice<T extends string>(query: Query, name: string, choices: readonly T[]): T | undefined {
  const text = query[name];
  if (text === undefined || text === "") return undefined;
  const choice = choices.find((each) => each === text);
  if (choice !== undefined) return choice;
  throw invalid(name, text, `one of ${choices.join(", ")}`);
}

/** `?name`, `?name=1` and `?name=true` are yes. @throws {AppError} VALIDATION_FAILED when it is neither yes nor no. */
export function readFlag(query: Query, name: string, otherwise = false): boolean {
  const text = query[name];
  if (text === undefined) return otherwise;
  if (text === "" || text === "1" || text === "true") return true;
  if (text === "0" || text === "false") return false;
  throw invalid(name, text, "1 or 0");
}

/** Milliseconds. @throws {AppError} VALIDATION_FAILED when it is not a duration, or longer than `maxMs`. */
export function readDuration(query: Query, name: string, maxMs: number): number | undefined {
  const text = query[name];
  if (text === undefined || text === "") return undefined;
  let ms: number;
  try {
    ms = parseDuration(text);
  } catch {
    throw invalid(name, text, 'a duration like "30s"');
  }
  if (ms <= maxMs) return ms;
  throw invalid(name, text, `a duration of at most ${maxMs / 1000} s`);
}

function invalid(name: string, text: string, expected: string): AppError {
  const shown = JSON.stringify(text.slice(0, 100));
  return new AppError("VALIDATION_FAILED", `the query parameter "${name}" is ${shown}, not ${expected}`, {
    details: { parameter: name },
  });
}
