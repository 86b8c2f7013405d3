// Data in files of artifacts. Whole numbers that would be printed otherwise stay as they are written, as in the pipeline.

import { findStringEnd } from "../../../core/json-string-end.ts";
import type { JsonValue } from "../../../core/json.ts";
import { script } from "./script-globals.ts";

/** @throws {SyntaxError} */
export function readYaml(text: string): JsonValue {
  return script.YAML.parse(text, { asWritten: true });
}

/** @throws {SyntaxError} */
export function readJson(text: string): JsonValue {
  if (!/\d{16}/.test(text)) return JSON.parse(text) as JsonValue;
  // What is made below of a text that is no JSON could be some.
  JSON.parse(text);
  return JSON.parse(quoteRounded(text)) as JsonValue;
}

const longNumber = /(?<![\d.eE+-])-?\d{16,}(?![\d.eE])/g;

/** JSON with whole numbers beyond 2^53 between quotes. One pattern for texts and numbers would take too much memory. */
function quoteRounded(json: string): string {
  const quote = (number: string): string => (Number.isSafeInteger(Number(number)) ? number : `"${number}"`);
  const parts: string[] = [];
  for (let at = 0; at < json.length;) {
    const found = json.indexOf('"', at);
    const start = found === -1 ? json.length : found;
    const end = found === -1 ? start : findStringEnd(json, start + 1) + 1;
    parts.push(json.slice(at, start).replaceAll(longNumber, quote), json.slice(start, end));
    at = end;
  }
  return parts.join("");
}
