// `((vars))` in texts: found, and replaced by their values. Pure: used where a file is checked, in the compiled script,
// and where resources are checked outside of a run.
//
// The form is Concourse's (https://concourse-ci.org/vars.html): `((name))`, `((source:name))`, each with `.field`s; what
// has dots or colons of its own is quoted, as `(("a.b".field))`. With spaces it is the shell's: `if (( n ))`.

import type { JsonValue } from "../../core/json.ts";

export interface VarRef {
  /** `.`: a local var; null: none is named. */
  readonly source: string | null;
  readonly name: string;
  readonly fields: readonly string[];
  /** As written, with its parentheses. */
  readonly text: string;
  /** Of its first character in the text. */
  readonly offset: number;
}

/** A secret that only the host looks up, as "secret:NAME". Told from data by its class: files may say anything. */
export class SecretValue {
  readonly secret: string;

  constructor(secret: string) {
    this.secret = secret;
  }
}

/** A text with secrets in it. */
export class SecretParts {
  readonly parts: readonly (string | SecretValue)[];

  constructor(parts: SecretParts["parts"]) {
    this.parts = parts;
  }
}

export type VarValue = JsonValue | SecretValue | SecretParts;

/** @throws whatever says that there is no such var. */
export type FindVar = (ref: VarRef) => VarValue;

const pattern = /\(\(([^()\n]{1,512})\)\)/g;
const source = String.raw`(?:"[^"\s]+"|[\p{L}\w/-]+)`;
/** Quotes may be around a part of it: `"example.org"/token`. */
const segment = String.raw`(?:"[^"\s]+"|[\p{L}\w/@:-])+`;
const shape = new RegExp(String.raw`^(?:(\.|${source}):)?(${segment}(?:\.${segment})*)$`, "u");
const segments = new RegExp(segment, "gu");

/** In order. What has parentheses but is no var stays as it is. */
export function findVarRefs(text: string): readonly VarRef[] {
  if (!text.includes("((")) return [];
  return [...text.matchAll(pattern)].flatMap((match) => {
    const ref = parseRef(match[0], match[1] ?? "", match.index);
    return ref === null ? [] : [ref];
  });
}

function parseRef(text: string, inner: string, offset: number): VarRef | null {
  const [, from, path] = shape.exec(inner) ?? [];
  if (path === undefined) return null;
  const [name = "", ...fields] = [...path.matchAll(segments)].map(([part]) => part.replaceAll('"', ""));
  return { source: from === undefined ? null : from.replaceAll('"', ""), name, fields, text, offset };
}

/** Every var of a value, however deep, with its path in there. */
export function collectVarRefs(
  value: JsonValue,
  path: readonly (string | number)[] = [],
): readonly { readonly ref: VarRef; readonly path: readonly (string | number)[] }[] {
  if (typeof value === "string") return findVarRefs(value).map((ref) => ({ ref, path }));
  if (typeof value !== "object" || value === null) return [];
  if (Array.isArray(value)) return value.flatMap((item: JsonValue, index) => collectVarRefs(item, [...path, index]));
  return Object.entries(value).flatMap(([key, item]) => collectVarRefs(item ?? null, [...path, key]));
}

/** A value with all its vars replaced; a text that is nothing but a var becomes that var's value, of its type. */
export type Filled = JsonValue | SecretValue | SecretParts | readonly Filled[] | { readonly [key: string]: Filled };

export function fillVars(value: JsonValue, find: FindVar): Filled {
  if (typeof value === "string") return fillText(value, find);
  if (typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((item: JsonValue) => fillVars(item, find));
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, fillVars(item ?? null, find)]));
}

type Values = { readonly [name: string]: JsonValue | undefined };

/**
 * The vars of that source replaced by what is given; those of others stay as they are.
 * @throws what `refuse` makes of a field that is not there.
 */
export function fillGiven(
  value: JsonValue,
  given: Values,
  refuse: (message: string) => Error,
  source: string | null = null,
): Filled {
  return fillVars(value, (ref) => (isGiven(ref, given, source) ? findGiven(ref, given, refuse) : ref.text));
}

export function isGiven(ref: VarRef, given: Values, source: string | null = null): boolean {
  return ref.source === source && Object.hasOwn(given, ref.name);
}

export function findGiven(ref: VarRef, given: Values, refuse: (message: string) => Error): JsonValue {
  return ref.fields.reduce<JsonValue>((holder, field) => {
    if (typeof holder === "object" && holder !== null && Object.hasOwn(holder, field)) {
      return (holder as Values)[field] ?? null;
    }
    throw refuse(`${ref.text}: the value given has no ${JSON.stringify(field)}`);
  }, given[ref.name] ?? null);
}

function fillText(text: string, find: FindVar): Filled {
  const refs = findVarRefs(text);
  const [first] = refs;
  if (first === undefined) return text;
  if (refs.length === 1 && first.text === text.trim()) return find(first);
  const parts: (string | SecretValue)[] = [];
  let end = 0;
  for (const ref of refs) {
    parts.push(text.slice(end, ref.offset), ...asParts(find(ref)));
    end = ref.offset + ref.text.length;
  }
  parts.push(text.slice(end));
  if (parts.every((part) => typeof part === "string")) return parts.join("");
  return new SecretParts(parts.filter((part) => part !== ""));
}

function asParts(value: VarValue): SecretParts["parts"] {
  if (value instanceof SecretParts) return value.parts;
  return [typeof value === "string" || value instanceof SecretValue ? value : JSON.stringify(value)];
}

/** Whether it is one, or a list or an object that one is in. */
export function holdsSecret(filled: Filled): boolean {
  if (typeof filled !== "object" || filled === null) return false;
  return isSecret(filled) || Object.values(filled).some((each) => holdsSecret(each as Filled));
}

export function isSecret(value: unknown): value is SecretValue | SecretParts {
  return value instanceof SecretValue || value instanceof SecretParts;
}
