// The API's description as tests read it: its operations, and whether a value fits a schema of it.

import { Ajv2020, type ValidateFunction } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

export type JsonRecord = Record<string, unknown>;

export interface Media {
  readonly schema?: JsonRecord;
  readonly example?: unknown;
  readonly examples?: Record<string, { readonly value: unknown }>;
}

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query" | "header";
  readonly required: boolean;
  readonly schema: JsonRecord;
  readonly example: unknown;
}

export interface DescribedAnswer {
  readonly description: string;
  readonly content?: Record<string, Media>;
}

export interface DescribedOperation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly security?: readonly JsonRecord[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly required?: boolean; readonly content: Record<string, Media> };
  readonly responses: Record<string, DescribedAnswer>;
}

export interface Document {
  readonly openapi: string;
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Record<string, Record<string, DescribedOperation>>;
  readonly components: { readonly schemas: Record<string, JsonRecord> };
}

export interface Located {
  readonly path: string;
  /** In capitals. */
  readonly method: string;
  readonly operation: DescribedOperation;
}

export function operationsOf(document: Document): readonly Located[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  );
}

/** Everything described with a schema and shown by an example: media types of bodies and answers. */
export function mediaOf({ path, method, operation }: Located): readonly { where: string; media: Media }[] {
  const contents = [
    ["body", operation.requestBody?.content ?? {}] as const,
    ...Object.entries(operation.responses).map(([status, { content }]) => [status, content ?? {}] as const),
  ];
  return contents.flatMap(([part, content]) =>
    Object.entries(content).map(([type, media]) => ({ where: `${method} ${path} ${part} ${type}`, media })),
  );
}

export function examplesOf(media: Media): readonly unknown[] {
  const named = Object.values(media.examples ?? {}).map(({ value }) => value);
  return media.example === undefined ? named : [media.example, ...named];
}

export class SchemaChecker {
  readonly #components: JsonRecord;
  readonly #compiled = new Map<string, ValidateFunction>();
  readonly #ajv = new Ajv2020({ allowUnionTypes: true, strictRequired: false, strictTypes: false, allErrors: true });

  constructor(document: Document) {
    this.#components = close(document.components) as JsonRecord;
    addFormats.default(this.#ajv);
    this.#ajv.addVocabulary(["components"]);
  }

  /** What is wrong with a value; empty where it fits. A property that is not described is wrong. */
  problemsOf(schema: JsonRecord, value: unknown): string {
    const key = JSON.stringify(schema);
    const validate =
      this.#compiled.get(key) ?? this.#ajv.compile({ ...(close(schema) as JsonRecord), components: this.#components });
    this.#compiled.set(key, validate);
    return validate(value) ? "" : this.#ajv.errorsText(validate.errors);
  }
}

/** Objects with described properties have no others; for clients they may be added one day, for tests they may not. */
function close(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(close);
  if (typeof schema !== "object" || schema === null) return schema;
  const entries = Object.entries(schema).map(([key, value]) => [key, close(value)]);
  const closed = Object.fromEntries(entries) as JsonRecord;
  const isOpen = closed["type"] === "object" && "properties" in closed && !("additionalProperties" in closed);
  return isOpen ? { ...closed, additionalProperties: false } : closed;
}
