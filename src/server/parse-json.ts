// The JSON of a request's body, or an error that names the place.

import { AppError } from "../core/app-error.ts";
import { findTooDeep, maxJsonDepth } from "../core/parse-bounded-json.ts";
import { findJsonError } from "./json-error-offset.ts";

/** @throws {AppError} INVALID_JSON with the line and the column, both from 1. */
export function parseJson(bytes: Uint8Array): unknown {
  const text = decode(bytes);
  const tooDeep = findTooDeep(text);
  if (tooDeep !== undefined) throw invalid(text, tooDeep, `it is nested deeper than ${maxJsonDepth} levels`);
  try {
    return JSON.parse(text) as unknown;
  } catch (cause) {
    const offset = findJsonError(text) ?? text.length;
    const character = JSON.stringify(String.fromCodePoint(text.codePointAt(offset) ?? 0));
    throw invalid(text, offset, offset < text.length ? `unexpected ${character}` : "it ends too early,", cause);
  }
}

function invalid(text: string, offset: number, what: string, cause?: unknown): AppError {
  const before = text.slice(0, offset);
  const line = before.split("\n").length;
  const column = offset - before.lastIndexOf("\n");
  return new AppError("INVALID_JSON", `the body is not JSON: ${what} at line ${line}, column ${column}`, {
    cause,
    details: { line, column, offset },
  });
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw new AppError("INVALID_JSON", "the body is not JSON: it is not UTF-8 text", { cause });
  }
}
