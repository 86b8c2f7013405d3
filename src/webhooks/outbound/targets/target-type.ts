// What a type of target is: the fields of its table in runner.toml, the request it makes, and what it says in its answer.

import type { JsonValue } from "../../../core/json.ts";
import type { Mail } from "./mail.ts";
import type { OutgoingNotification } from "./outgoing-notification.ts";

/**
 * `secret`: a text, or `env:NAME`, `file:/path`, `secret:NAME` in its place. `url`: the same, an address of http or https.
 * `headers`: a table of such texts. `list`: several texts, or one.
 */
export type FieldKind = "text" | "secret" | "url" | "whole" | "list" | "headers";

export interface FieldSpec {
  readonly kind: FieldKind;
  /** Whether a text that stands there itself is masked wherever it turns up. Absent: where the kind is `secret`. */
  readonly isMasked?: boolean;
  readonly required?: true;
  /** Where it is left out. */
  readonly default?: string;
  readonly choices?: readonly string[];
  /** Of a whole number. */
  readonly range?: readonly [least: number, most: number];
}

type Fields = Readonly<Record<string, FieldSpec>>;

type ValueOf<Field extends FieldSpec> = Field["kind"] extends "whole"
  ? number
  : Field["kind"] extends "list"
    ? readonly string[]
    : Field["kind"] extends "headers"
      ? Readonly<Record<string, string>>
      : string;

type IsThere<Field extends FieldSpec> = Field extends { readonly required: true } | { readonly default: string }
  ? true
  : false;

type ValuesOf<Of extends Fields> = {
  readonly [Name in keyof Of]: IsThere<Of[Name]> extends true ? ValueOf<Of[Name]> : ValueOf<Of[Name]> | undefined;
};

export type TargetValue = string | number | readonly string[] | Readonly<Record<string, string>>;
/** By name of the field; secrets are looked up already. */
export type TargetValues = Readonly<Record<string, TargetValue | undefined>>;

export interface PreparedRequest {
  readonly type: "http";
  readonly url: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

export interface PreparedMail {
  readonly type: "mail";
  readonly mail: Mail;
}

/** What an answer says that its status does not. */
export interface AnswerWord {
  /** Why the message was not taken, although the status says it was. */
  readonly refusal?: string;
  /** How long the service asks to be left alone. */
  readonly retryAfterSeconds?: number;
}

export interface TargetType {
  readonly fields: Fields;
  /** Most messages a minute that the service takes; null: as many as there are. */
  readonly ratePerMinute: number | null;
  /** What is wrong with fields that are each right, with the field that says so; null: nothing. */
  readonly findProblem: (given: ReadonlySet<string>) => { readonly field: string; readonly message: string } | null;
  readonly prepare: (values: TargetValues, notification: OutgoingNotification) => PreparedRequest | PreparedMail;
  /** `answer` is undefined where it is no JSON. */
  readonly readAnswer: (answer: JsonValue | undefined) => AnswerWord;
}

interface Definition<Of extends Fields> {
  readonly fields: Of;
  readonly ratePerMinute?: number;
  readonly findProblem?: TargetType["findProblem"];
  readonly prepare: (
    values: ValuesOf<Of>,
    notification: OutgoingNotification,
  ) => Omit<PreparedRequest, "type"> | PreparedMail;
  readonly readAnswer?: TargetType["readAnswer"];
}

export function defineTarget<const Of extends Fields>(definition: Definition<Of>): TargetType {
  const { fields, ratePerMinute = null, findProblem = () => null, prepare, readAnswer = () => ({}) } = definition;
  return {
    fields,
    ratePerMinute,
    findProblem,
    prepare: (values, notification) => {
      // Read by the same table of fields.
      const prepared = prepare(values as ValuesOf<Of>, notification);
      return "type" in prepared ? prepared : { type: "http", ...prepared };
    },
    readAnswer,
  };
}

/** A request with JSON in it. */
export function jsonRequest(
  url: string,
  body: JsonValue,
  headers: Readonly<Record<string, string>> = {},
  method = "POST",
): Omit<PreparedRequest, "type"> {
  const type = { "content-type": "application/json; charset=utf-8" };
  return { url, method, headers: { ...type, ...headers }, body: new TextEncoder().encode(JSON.stringify(body)) };
}

/** The address below a base; a slash at the base's end makes no difference. */
export function below(base: string, path: string): string {
  return base.replace(/\/+$/, "") + path;
}

/** A field of an answer that is an object. */
export function fieldOf(answer: JsonValue | undefined, name: string): JsonValue | undefined {
  if (typeof answer !== "object" || answer === null || Array.isArray(answer)) return undefined;
  return Object.hasOwn(answer, name) ? (answer as Readonly<Record<string, JsonValue | undefined>>)[name] : undefined;
}
