// JSON Schemas compiled by ajv, with everything made linear that a sender could make dear: the author of a schema is
// trusted, the payload is not. Loaded only where there is a schema.

import { _, Ajv, type ErrorObject, MissingRefError, type Options } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { RE2JS } from "re2js";
import type { JsonValue } from "../core/json.ts";
import { areUnique } from "./unique-items.ts";
import type { WantPlace } from "./json-path.ts";
import { compilePattern } from "./pattern.ts";
import { formatNames, schemaFormats } from "./schema-formats.ts";
import { spendOnPattern, spendOnReference } from "./schema-work.ts";

export type Draft = "draft-07" | "2020-12";

type Schema = Readonly<Record<string, JsonValue>>;

const classes = { "draft-07": Ajv, "2020-12": Ajv2020 } as const;
const metaSchemas: Readonly<Record<Draft, string>> = {
  "draft-07": "http://json-schema.org/draft-07/schema",
  "2020-12": "https://json-schema.org/draft/2020-12/schema",
};
/** What refers to another place of the schema, or to itself. */
const references = ["$ref", "$dynamicRef"];
const checkers = new Map<Draft, Ajv>();

/** Where the schema breaks the rules of its draft, as a JSON Pointer; null: it keeps them. */
export function findInvalid(
  schema: Schema,
  draft: Draft,
): { readonly instancePath: string; readonly message: string } | null {
  const checker = checkers.get(draft) ?? new classes[draft]({ strict: false, logger: false });
  checkers.set(draft, checker);
  if (checker.validate(metaSchemas[draft], schema)) return null;
  const [error] = checker.errors ?? [];
  return { instancePath: error?.instancePath ?? "", message: describeInvalid(error) };
}

function describeInvalid({ message = "is not valid", params }: Partial<ErrorObject> = {}): string {
  const allowed: unknown = (params as { readonly allowedValues?: unknown } | undefined)?.allowedValues;
  return Array.isArray(allowed) ? `must be one of ${allowed.join(", ")}` : message;
}

/**
 * A function that finds where a payload does not fit; null: it fits. Of each schema with an instance of its own: ajv
 * remembers by the names that schemas give themselves, and those of two pipelines may be the same.
 * @throws whatever `describeFailure` knows.
 */
export function compileSchema(
  schema: Schema,
  draft: Draft,
  tellsAll: boolean,
): (payload: unknown) => readonly ErrorObject[] | null {
  const ajv = new classes[draft]({ ...options, allErrors: tellsAll });
  for (const name of references) meterReference(ajv, name);
  ajv.removeKeyword("uniqueItems");
  ajv.addKeyword({
    keyword: "uniqueItems",
    type: "array",
    schemaType: "boolean",
    error: { message: "must NOT have duplicate items" },
    validate: (isAsked: boolean, items: readonly JsonValue[]) => !isAsked || areUnique(items),
  });
  const validate = ajv.compile(schema);
  return (payload) => (validate(payload) ? null : (validate.errors ?? []));
}

const options: Options = {
  meta: false,
  validateSchema: false,
  logger: false,
  strictSchema: true,
  strictNumbers: true,
  strictTypes: false,
  strictTuples: false,
  strictRequired: false,
  allowMatchingProperties: true,
  // What a payload inherits is nothing that it holds.
  ownProperties: true,
  // One schema written into each place that refers to it could be a long program, and would not be counted.
  inlineRefs: false,
  formats: schemaFormats,
  code: { regExp: Object.assign(compileRegExp, { code: "compileRegExp" }) },
};

class PatternFailure extends Error {
  readonly pattern: string;

  constructor(pattern: string, reason: string) {
    super(reason);
    this.pattern = pattern;
  }
}

/** @throws {PatternFailure} for what cannot be matched in linear time, as look-around and references back. */
function compileRegExp(pattern: string): { test(text: string): boolean; toString(): string } {
  try {
    const compiled = compilePattern(RE2JS.translateRegExp(pattern));
    return {
      test: (text) => {
        spendOnPattern(text.length * compiled.programSize());
        return compiled.test(text);
      },
      // Ajv takes those for the same that are written the same.
      toString: () => pattern,
    };
  } catch (thrown) {
    throw new PatternFailure(pattern, thrown instanceof Error ? thrown.message : String(thrown));
  }
}

function meterReference(ajv: Ajv, name: string): void {
  const definition = ajv.getKeyword(name);
  if (typeof definition === "boolean" || !("code" in definition)) return;
  const { code } = definition;
  ajv.removeKeyword(name);
  ajv.addKeyword({
    ...definition,
    code: (context, ruleType) => {
      context.gen.code(_`${context.gen.scopeValue("func", { ref: spendOnReference })}()`);
      code(context, ruleType);
    },
  });
}

export interface CompileFailure {
  readonly message: string;
  /** Tells the place in the schema; null: nobody knows it. */
  readonly isWanted: WantPlace | null;
}

/** Why a schema that keeps the rules of its draft cannot be compiled. */
export function describeFailure(thrown: unknown): CompileFailure {
  const text = thrown instanceof Error ? thrown.message : String(thrown);
  if (thrown instanceof PatternFailure) {
    const { pattern } = thrown;
    return { message: text, isWanted: (key, value) => (key === "pattern" && value === pattern) || key === pattern };
  }
  const reference = /^can't resolve reference (\S+) from/.exec(text)?.[1];
  if (thrown instanceof MissingRefError || reference !== undefined) {
    const message = `refers to ${reference ?? "a schema"}, which is not in it; schemas elsewhere are not fetched`;
    return { message, isWanted: (key, value) => references.includes(String(key)) && value === reference };
  }
  const keyword = /unknown keyword: "(.*)"$/.exec(text)?.[1];
  if (keyword !== undefined) {
    return { message: "is no keyword of its draft", isWanted: (key) => key === keyword };
  }
  const format = /unknown format "(.*)" ignored/.exec(text)?.[1];
  if (format !== undefined) {
    const message = `is not known here; known are ${formatNames.join(", ")}`;
    return { message, isWanted: (key, value) => key === "format" && value === format };
  }
  return { message: text.replace(/^strict mode: /, ""), isWanted: null };
}
