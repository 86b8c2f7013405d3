// The few words in which operations are described: media types, parameters, answers, and problems by their codes.

import { AppError, type ErrorCode, httpStatusOf } from "../../core/app-error.ts";
import type { JsonValue } from "../../core/json.ts";
import { toProblem } from "../problem.ts";

export type JsonObject = Readonly<Record<string, JsonValue>>;

/** JSON Schema 2020-12, as OpenAPI 3.1 has it. */
export type Schema = JsonObject;

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly tags: readonly string[];
  /** Empty: open to everybody. */
  readonly security?: readonly JsonObject[];
  readonly parameters?: readonly JsonObject[];
  readonly requestBody?: JsonObject;
  readonly responses: JsonObject;
}

/** Path → method → operation. */
export type Paths = Readonly<Record<string, Readonly<Record<string, Operation>>>>;

/** What every small body can be answered with. */
export const bodyProblems: readonly ErrorCode[] = [
  "INVALID_JSON",
  "FIELDS_INVALID",
  "BODY_TIMEOUT",
  "BODY_TOO_LARGE",
  "UNSUPPORTED_ENCODING",
];

export const everybody: readonly JsonObject[] = [];

export function ref(schema: string): Schema {
  return { $ref: `#/components/schemas/${schema}` };
}

export function orNull(schema: Schema): Schema {
  // Not oneOf: a schema may take null by itself.
  return { anyOf: [schema, { type: "null" }] };
}

/** Every property is always there. */
export function objectOf(properties: Readonly<Record<string, Schema>>, description?: string): Schema {
  const required = Object.keys(properties);
  return { type: "object", ...(description === undefined ? {} : { description }), required, properties };
}

export function parameter(
  where: "path" | "query" | "header",
  name: string,
  description: string,
  schema: Schema,
  example: JsonValue,
): JsonObject {
  return { name, in: where, description, required: where === "path", schema, example };
}

/** One media type. */
export function content(type: string, schema: Schema, example: JsonValue): JsonObject {
  return { [type]: { schema, example } };
}

export function json(schema: Schema, example: JsonValue): JsonObject {
  return content("application/json", schema, example);
}

export function answer(description: string, contents: JsonObject = {}, headers: JsonObject = {}): JsonObject {
  return {
    description,
    ...(Object.keys(contents).length > 0 ? { content: contents } : {}),
    ...(Object.keys(headers).length > 0 ? { headers } : {}),
  };
}

export function header(description: string, example: string): JsonObject {
  return { description, schema: { type: "string" }, example };
}

/** The answers to errors with these codes, one for each HTTP status. */
export function problems(...codes: readonly ErrorCode[]): JsonObject {
  const byStatus = Map.groupBy(codes, httpStatusOf);
  return Object.fromEntries([...byStatus].map(([status, list]) => [String(status), problemAnswer(list)]));
}

/** What everything that needs the token can be answered. */
export function guardedProblems(...codes: readonly ErrorCode[]): JsonObject {
  return problems("BAD_REQUEST", "UNAUTHORIZED", "HEADERS_TOO_LARGE", "STORE_UNAVAILABLE", ...codes);
}

function problemAnswer(codes: readonly ErrorCode[]): JsonObject {
  const schema: Schema = { allOf: [ref("Problem"), { properties: { code: { enum: codes } } }] };
  const examples = Object.fromEntries(codes.map((code) => [code, { value: exampleProblem(code) }]));
  return { description: codes.join(", "), content: { "application/problem+json": { schema, examples } } };
}

function exampleProblem(code: ErrorCode): JsonValue {
  const words = code.toLowerCase().replaceAll("_", " ");
  return toProblem(new AppError(code, `what was tried, and why it failed: ${words}`)) as unknown as JsonObject;
}
