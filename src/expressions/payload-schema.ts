// A JSON Schema for the payload of a webhook: whether it is one, and where a payload does not fit it.

import type { JsonValue } from "../core/json.ts";
import { findPath, type Path } from "./json-path.ts";
import type * as SchemaCompiler from "./schema-compiler.ts";
import { startSchemaWork, TooMuchWork } from "./schema-work.ts";

export type JsonSchema = Readonly<Record<string, JsonValue>>;

export interface SchemaProblem {
  /** Where in the schema, as far as it is known. */
  readonly path: Path;
  readonly message: string;
}

export interface Mismatch {
  /** JSON Pointer into the payload (RFC 6901), long ones cut; empty: the payload itself. */
  readonly path: string;
  /** In words of the schema; never with a value of the payload. */
  readonly message: string;
}

interface FailedKeyword {
  readonly instancePath: string;
  readonly message?: string;
  readonly params: Readonly<Record<string, unknown>>;
}

/** Null where it fits. */
type Check = (payload: unknown) => readonly FailedKeyword[] | null;

const maxSchemaCharacters = 64 * 1024;
const maxSchemaDepth = 64;
const maxMismatches = 10;
const maxPathCharacters = 200;
const maxMessageCharacters = 300;
/** Of a larger payload only the first place is told: finding all of them makes an error of each item. */
const maxCharactersToTellAll = 64 * 1024;

const unversioned = "http://json-schema.org/draft-07/schema#";
const drafts: ReadonlyMap<string, SchemaCompiler.Draft> = new Map([
  [unversioned, "draft-07"],
  ["http://json-schema.org/draft-07/schema", "draft-07"],
  ["https://json-schema.org/draft/2020-12/schema", "2020-12"],
]);

/** Checks of schemas that are in use; one that tells the first place alone, and where it was needed one that tells all. */
const first = new WeakMap<JsonSchema, Check>();
const all = new WeakMap<JsonSchema, Check>();

/** What is wrong with it; null where it can be used. */
export function checkSchema(schema: JsonSchema): SchemaProblem | null {
  if (depthOf(schema, 0) > maxSchemaDepth) return at([], `is nested deeper than ${maxSchemaDepth} levels`);
  const { length } = JSON.stringify(schema);
  if (length > maxSchemaCharacters) {
    return at([], `is ${length} characters long as JSON; at most ${maxSchemaCharacters} are allowed`);
  }
  const draft = findDraft(schema);
  if (draft === undefined) {
    const known = [...drafts.keys()].filter((name) => !name.endsWith("#")).join(" or ");
    return at(["$schema"], `names a draft that is not known here; write ${known}, or leave it out for the first`);
  }
  if (Object.hasOwn(schema, "$async")) return at(["$async"], "cannot be used here: a payload is checked at once");
  const compiler = loadCompiler();
  const invalid = compiler.findInvalid(schema, draft);
  if (invalid !== null) return at(pathTo(schema, invalid.instancePath), invalid.message);
  try {
    compileCheck(schema, first, false);
    return null;
  } catch (thrown) {
    const { message, isWanted } = compiler.describeFailure(thrown);
    return at((isWanted && findPath(schema, isWanted)) ?? [], message);
  }
}

/**
 * Where the payload does not fit, at most ten places; none: it fits. Never throws for a payload.
 * @param characters how long the payload was as a text.
 */
export function findMismatches(schema: JsonSchema, payload: unknown, characters: number): readonly Mismatch[] {
  const checked = run(compileCheck(schema, first, false), payload, characters);
  if (typeof checked === "string") return [{ path: "", message: checked }];
  if (checked === null) return [];
  const told = characters > maxCharactersToTellAll ? null : run(compileCheck(schema, all, true), payload, characters);
  const mismatches = new Map<string, Mismatch>();
  for (const failed of typeof told === "string" || told === null ? checked : told) {
    const mismatch = toMismatch(failed);
    if (mismatches.size < maxMismatches) mismatches.set(`${mismatch.path} ${mismatch.message}`, mismatch);
  }
  return [...mismatches.values()];
}

/** A text: why the check was given up. */
function run(check: Check, payload: unknown, characters: number): readonly FailedKeyword[] | string | null {
  startSchemaWork(characters);
  try {
    return check(payload);
  } catch (thrown) {
    if (thrown instanceof TooMuchWork) return "takes too long to check against the schema";
    if (thrown instanceof RangeError) return "is nested too deeply to be checked against the schema";
    throw thrown;
  }
}

function toMismatch({ instancePath, message = "does not fit", params }: FailedKeyword): Mismatch {
  const extra = params["additionalProperty"] ?? params["unevaluatedProperty"] ?? params["propertyName"];
  const path = typeof extra === "string" ? `${instancePath}/${escapePointer(extra)}` : instancePath;
  const text = typeof extra === "string" && message.includes("NOT have") ? "must NOT be there" : message;
  return { path: shorten(path, maxPathCharacters), message: shorten(text, maxMessageCharacters) };
}

function compileCheck(schema: JsonSchema, known: WeakMap<JsonSchema, Check>, tellsAll: boolean): Check {
  const compiled = known.get(schema);
  if (compiled !== undefined) return compiled;
  const check: Check = loadCompiler().compileSchema(schema, findDraft(schema) ?? "draft-07", tellsAll);
  known.set(schema, check);
  return check;
}

/** The compiler of schemas is loaded with the first of them. */
function loadCompiler(): typeof SchemaCompiler {
  return require("./schema-compiler.ts") as typeof SchemaCompiler;
}

function findDraft(schema: JsonSchema): SchemaCompiler.Draft | undefined {
  const named = Object.hasOwn(schema, "$schema") ? schema["$schema"] : unversioned;
  return typeof named === "string" ? drafts.get(named) : undefined;
}

/** No deeper than what is allowed, so that no schema is too deep to be measured. */
function depthOf(value: JsonValue, depth: number): number {
  if (typeof value !== "object" || value === null || depth > maxSchemaDepth) return depth;
  const parts: readonly JsonValue[] = Array.isArray(value) ? value : Object.values(value);
  return parts.reduce<number>((deepest, part) => Math.max(deepest, depthOf(part, depth + 1)), depth);
}

function pathTo(schema: JsonSchema, pointer: string): Path {
  let value: JsonValue | undefined = schema;
  return pointer
    .split("/")
    .slice(1)
    .map((escaped) => {
      const name = escaped.replaceAll("~1", "/").replaceAll("~0", "~");
      const isIndex: boolean = Array.isArray(value);
      value = (value as Readonly<Record<string, JsonValue>> | undefined)?.[name];
      return isIndex ? Number(name) : name;
    });
}

function at(path: Path, message: string): SchemaProblem {
  return { path, message };
}

function escapePointer(name: string): string {
  return name.replaceAll("~", "~0").replaceAll("/", "~1");
}

function shorten(text: string, max: number): string {
  return text.length <= max ? text : `${text.slice(0, max - 1)}…`;
}
