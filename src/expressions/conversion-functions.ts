// Functions from one kind of value to another: https://expr-lang.org/docs/language-definition#type-conversion-functions.

import { parseBoundedJson } from "../core/parse-bounded-json.ts";
import { type Arguments, callable, type Callables } from "./arguments.ts";
import { ConditionError, quote } from "./condition-error.ts";
import { formatTime, knownLayouts } from "./go-layout.ts";
import { Duration, Time, Zone } from "./go-time.ts";
import { maxResultCharacters, type Meter } from "./meter.ts";
import { assertValueDepth, isList, isMap, isNil, kindOf, type MapValue, mapEntries, mapSize } from "./values.ts";

export const conversionFunctions: Callables = {
  type: callable(1, 1, ({ values: [value] }) => typeName(value)),
  int: callable(1, 1, (given) => toInteger(given.values[0])),
  float: callable(1, 1, (given) => toFloat(given.values[0])),
  string: callable(1, 1, (given) => made(toText(given.values[0], given.meter, 0), given.meter)),
  toJSON: callable(1, 1, (given) => made(toJson(given.values[0], given.meter, ""), given.meter)),
  fromJSON: callable(1, 1, fromJson),
  toBase64: callable(1, 1, (given) => {
    const text = given.text(0);
    given.meter.makeText(text.length * 2);
    return Buffer.from(text, "utf8").toString("base64");
  }),
  fromBase64: callable(1, 1, (given) => {
    const text = given.text(0).replaceAll(/[\r\n]/g, "");
    given.meter.makeText(text.length);
    const isValid = text.length % 4 === 0 && /^[A-Za-z\d+/]*={0,2}$/.test(text);
    if (!isValid) throw new ConditionError("the text is not Base64");
    return Buffer.from(text, "base64").toString("utf8");
  }),
};

function made(text: string, meter: Meter): string {
  meter.makeText(text.length);
  return text;
}

function typeName(value: unknown): string {
  if (isNil(value)) return "nil";
  if (value instanceof Time) return "time.Time";
  if (value instanceof Duration) return "time.Duration";
  if (value instanceof Zone) return "time.Location";
  if (typeof value === "boolean") return "bool";
  if (typeof value === "number") return Number.isInteger(value) ? "int" : "float";
  return isList(value) ? "array" : isMap(value) ? "map" : "string";
}

function toInteger(value: unknown): number {
  if (typeof value === "string" && /^[+-]?\d{1,19}$/.test(value)) return Number(value) + 0;
  if (typeof value === "number" && Number.isFinite(value)) return Math.trunc(value) + 0;
  if (value instanceof Duration) return Number(value.ns);
  throw new ConditionError(`int() cannot make a whole number of ${describe(value)}`);
}

function toFloat(value: unknown): number {
  if (typeof value === "number") return value;
  if (typeof value === "string") {
    if (/^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(value)) return Number(value);
    const [, sign, name] = /^([+-]?)(inf|infinity|nan)$/i.exec(value) ?? [];
    if (name !== undefined) return /^n/i.test(name) ? Number.NaN : sign === "-" ? -Infinity : Infinity;
  }
  throw new ConditionError(`float() cannot make a number of ${describe(value)}`);
}

function describe(value: unknown): string {
  if (typeof value === "string") return `the text ${quote(value)}`;
  return typeof value === "number" ? `the number ${value}` : kindOf(value);
}

/** A value as Go prints it. */
export function toText(value: unknown, meter: Meter, depth: number): string {
  assertValueDepth(depth);
  meter.spend(1);
  if (typeof value === "string") return value;
  if (typeof value === "number") return numberText(value);
  if (isNil(value)) return "<nil>";
  if (isList(value)) return `[${joined(value, (item) => toText(item, meter, depth + 1), " ", meter)}]`;
  if (value instanceof Time) return formatTime(value, knownLayouts.text);
  if (value instanceof Duration) return value.toString();
  if (value instanceof Zone) return value.name;
  if (typeof value === "boolean" || !isMap(value)) return value === true ? "true" : "false";
  const entries = sortedEntries(value, meter);
  return `map[${joined(entries, ([key, item]) => `${key}:${toText(item, meter, depth + 1)}`, " ", meter)}]`;
}

function numberText(value: number): string {
  if (value === Infinity) return "+Inf";
  if (value !== 0 && Math.abs(value) < 1e-4) return twoDigitExponent(value.toExponential());
  return twoDigitExponent(String(value));
}

function twoDigitExponent(text: string): string {
  return text.replace(/e([+-])(\d)$/, "e$10$2");
}

/** Stops as soon as the text is too long, not when all of it is there. */
function joined<Item>(items: readonly Item[], print: (item: Item) => string, glue: string, meter: Meter): string {
  meter.makeItems(items.length);
  const texts: string[] = [];
  let length = 0;
  for (const item of items) {
    const text = print(item);
    texts.push(text);
    length += text.length + glue.length;
    if (length > maxResultCharacters) meter.makeText(length);
  }
  return texts.join(glue);
}

function sortedEntries(map: MapValue, meter: Meter): readonly (readonly [string, unknown])[] {
  meter.makeItems(mapSize(map));
  const entries = mapEntries(map).map(([key, value]) => [toText(key, meter, 0), value] as const);
  return entries.toSorted(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
}

/** With two spaces for each level and keys in order, as `json.MarshalIndent` writes it. */
function toJson(value: unknown, meter: Meter, indent: string): string {
  assertValueDepth(indent.length / 2);
  meter.spend(1);
  if (isNil(value)) return "null";
  if (typeof value === "number" && !Number.isFinite(value)) throw new ConditionError(`JSON has no number ${value}`);
  if (value instanceof Time) return jsonText(formatTime(value, "2006-01-02T15:04:05.999999999Z07:00"));
  if (value instanceof Duration) return String(value.ns);
  if (value instanceof Zone) return "{}";
  if (typeof value === "string") return jsonText(value);
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  const inner = `${indent}  `;
  const end = `\n${indent}`;
  if (isList(value)) {
    if (value.length === 0) return "[]";
    return `[\n${joined(value, (item) => inner + toJson(item, meter, inner), ",\n", meter)}${end}]`;
  }
  const entries = sortedEntries(value as MapValue, meter);
  if (entries.length === 0) return "{}";
  const print = ([key, item]: readonly [string, unknown]): string =>
    `${inner}${jsonText(key)}: ${toJson(item, meter, inner)}`;
  return `{\n${joined(entries, print, ",\n", meter)}${end}}`;
}

/** Safe within HTML, as Go's is. */
function jsonText(text: string): string {
  return JSON.stringify(text).replaceAll(
    /[<>&\u2028\u2029]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

function fromJson(given: Arguments): unknown {
  const text = given.text(0);
  given.meter.makeText(text.length);
  try {
    return parseBoundedJson(text);
  } catch {
    throw new ConditionError("the text is not JSON");
  }
}
