// Functions on texts: https://expr-lang.org/docs/language-definition#string-functions. Places are counted in code points.

import { type Arguments, callable, type Callables } from "./arguments.ts";
import { ConditionError } from "./condition-error.ts";
import type { Meter } from "./meter.ts";
import { contains } from "./operators.ts";

export const textFunctions: Callables = {
  trim: callable(1, 2, (given) => {
    const text = given.text(0);
    given.meter.spendOnText(text.length);
    if (given.count === 1) return trim(text, (character) => whiteSpace.test(character));
    const set = new Set(given.text(1));
    return trim(text, (character) => set.has(character));
  }),
  trimPrefix: callable(1, 2, (given) => {
    const [text, prefix] = [given.text(0), given.count === 2 ? given.text(1) : " "];
    return text.startsWith(prefix) ? text.slice(prefix.length) : text;
  }),
  trimSuffix: callable(1, 2, (given) => {
    const [text, suffix] = [given.text(0), given.count === 2 ? given.text(1) : " "];
    return suffix !== "" && text.endsWith(suffix) ? text.slice(0, -suffix.length) : text;
  }),
  upper: callable(1, 1, (given) => changeCase(given, (text) => text.toUpperCase())),
  lower: callable(1, 1, (given) => changeCase(given, (text) => text.toLowerCase())),
  split: callable(2, 3, (given) => split(given, "")),
  splitAfter: callable(2, 3, (given) => split(given, given.text(1))),
  replace: callable(3, 4, replace),
  repeat: callable(2, 2, (given) => {
    const [text, count] = [given.text(0), given.integer(1)];
    if (count < 0) throw new ConditionError(`a text cannot be repeated ${count} times`);
    given.meter.makeText(text.length * count);
    return text.repeat(count);
  }),
  join: callable(1, 2, (given) => {
    const [items, glue] = [given.list(0), given.count === 2 ? given.text(1) : ""];
    const texts = items.filter((item) => typeof item === "string");
    if (texts.length < items.length) throw new ConditionError("join() takes a list of texts only");
    const length = texts.reduce((sum, text) => sum + text.length, glue.length * Math.max(0, texts.length - 1));
    given.meter.makeText(length);
    return texts.join(glue);
  }),
  indexOf: callable(2, 2, (given) => {
    const [text, sought] = [given.text(0), given.text(1)];
    if (!contains(text, sought, given.meter)) return -1;
    return countCharacters(text.slice(0, text.indexOf(sought)), given.meter);
  }),
  lastIndexOf: callable(2, 2, (given) => {
    const [text, sought] = [given.text(0), given.text(1)];
    if (!contains(text, sought, given.meter)) return -1;
    return countCharacters(text.slice(0, text.lastIndexOf(sought)), given.meter);
  }),
  hasPrefix: callable(2, 2, (given) => given.text(0).startsWith(given.text(1))),
  hasSuffix: callable(2, 2, (given) => given.text(0).endsWith(given.text(1))),
};

/** What Go takes for white space. */
const whiteSpace = /^[\t-\r \u0085\u00A0\u1680\u2000-\u200A\u2028\u2029\u202F\u205F\u3000]$/;
const halfOfPair = /[\uD800-\uDFFF]/;
const notAscii = /[^\0-\u007F]/;

/** How many code points there are. */
export function countCharacters(text: string, meter: Meter): number {
  meter.spendOnText(text.length);
  if (!halfOfPair.test(text)) return text.length;
  let count = 0;
  for (const _ of text) count++;
  return count;
}

/** Part of a text by places of code points. */
export function sliceText(text: string, from: number, to: number, meter: Meter): string {
  meter.spendOnText(text.length);
  if (!halfOfPair.test(text)) return text.slice(from, to);
  meter.makeItems(text.length);
  return Array.from(text).slice(from, to).join("");
}

function trim(text: string, isTrimmed: (character: string) => boolean): string {
  let [from, to] = [0, text.length];
  for (let at = from; at < to;) {
    const character = String.fromCodePoint(text.codePointAt(at) ?? 0);
    if (!isTrimmed(character)) break;
    from = at += character.length;
  }
  while (to > from) {
    const low = text.charAt(to - 1);
    const pair = text.slice(to - 2, to);
    const character = pair.length === 2 && (pair.codePointAt(0) ?? 0) > 0xffff ? pair : low;
    if (!isTrimmed(character)) break;
    to -= character.length;
  }
  return text.slice(from, to);
}

/** Each character alone, as in Go: `ß` has no upper case of one character and stays. */
function changeCase(given: Arguments, change: (text: string) => string): string {
  const text = given.text(0);
  given.meter.makeText(text.length);
  if (!notAscii.test(text)) return change(text);
  given.meter.spend(text.length / 8);
  return text.replaceAll(/[^\0-\u007F]|[A-Za-z]+/gu, (part) => {
    if (!notAscii.test(part)) return change(part);
    const changed = change(part);
    return Array.from(changed).length === 1 ? changed : part;
  });
}

/** The parts between separators, at most `limit` where it is not below zero: the last is then the rest. */
function split(given: Arguments, kept: string): readonly string[] {
  const [text, separator] = [given.text(0), given.text(1)];
  const limit = given.count === 3 ? given.integer(2) : -1;
  if (limit === 0) return [];
  const parts = splitText(text, separator, limit < 0 ? Infinity : limit, given.meter);
  return kept === "" ? parts : parts.map((part, index) => (index < parts.length - 1 ? part + kept : part));
}

/** An empty separator is between any two characters. */
function splitText(text: string, separator: string, limit: number, meter: Meter): string[] {
  meter.spendOnText(text.length * (1 + separator.length / 256));
  const parts: string[] = [];
  let at = 0;
  while (parts.length < limit - 1) {
    const next =
      separator === "" ? at + String.fromCodePoint(text.codePointAt(at) ?? 0).length : text.indexOf(separator, at);
    if (next === -1 || (separator === "" && next >= text.length)) break;
    parts.push(text.slice(at, next));
    at = next + separator.length;
    meter.checkItems(parts.length);
  }
  meter.makeItems(parts.length + 1);
  if (separator !== "" || text !== "") parts.push(text.slice(at));
  return parts;
}

/** An empty text is found before each character and at the end. */
function replace(given: Arguments): string {
  const [text, old, replacement] = [given.text(0), given.text(1), given.text(2)];
  const limit = given.count === 4 ? given.integer(3) : -1;
  const most = limit < 0 ? Infinity : limit + 1;
  const all = splitText(text, old, old === "" ? Infinity : most, given.meter);
  const parts = old === "" ? ["", ...all, ""] : all;
  const times = Math.min(most, parts.length) - 1;
  given.meter.makeText(text.length + times * Math.max(0, replacement.length - old.length));
  return (
    parts
      .slice(0, times)
      .map((part) => part + replacement)
      .join("") + parts.slice(times).join(old)
  );
}
