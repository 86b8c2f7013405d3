// The fields of an endpoint as people write them, in the API and in runner.toml, with every problem at once.

import { type FieldProblem, FieldProblems, describeValue } from "../../core/field-problem.ts";
import { type EndpointFields, endpointDefaults } from "./endpoint.ts";
import * as read from "./endpoint-fields.ts";
import { checkHeaders, readHeaders } from "./endpoint-headers.ts";

export interface GivenEndpoint {
  readonly fields: EndpointFields;
  /** Absent: one is to be made. */
  readonly secret: string | undefined;
}

export interface DeclaredEndpoint {
  readonly name: string;
  readonly fields: EndpointFields;
  /** The newest first, at least one. */
  readonly secrets: readonly string[];
}

/** Read, or what is wrong: never with a secret or the value of a header in it. */
export type ReadEndpoint<T> =
  { readonly ok: true; readonly value: T } | { readonly ok: false; readonly problems: readonly FieldProblem[] };

type Input = Readonly<Record<string, unknown>>;

const fieldNames = [
  "url",
  "events",
  "pipelines",
  "when",
  "enabled",
  "headers",
  "signature_header",
  "retry",
  "rate_limit",
  "description",
] as const;
type FieldName = (typeof fieldNames)[number];

/** Answers have these beside the others. */
const serverFields = ["id", "name", "source", "created_at", "updated_at", "previous_secret_until", "state", "warnings"];

/** `POST /v1/webhooks`. */
export function parseEndpoint(input: unknown): ReadEndpoint<GivenEndpoint> {
  const problems = new FieldProblems();
  const given = readObject(input, [...fieldNames, "secret"], problems);
  const { secret } = given;
  if (secret !== undefined && secret !== null && typeof secret !== "string") {
    problems.add("secret", "must be a text", "leave it out to have one made");
  }
  const fields = readWhole(given, problems);
  return conclude(problems, { fields, secret: typeof secret === "string" ? secret : undefined });
}

/** `PATCH /v1/webhooks/{id}`: what is not given stays, and null is the default. */
export function parseEndpointPatch(input: unknown, current: EndpointFields): ReadEndpoint<EndpointFields> {
  const problems = new FieldProblems();
  const given = readObject(input, fieldNames, problems, ["secret"]);
  if (Object.hasOwn(given, "secret")) {
    problems.add("secret", "cannot be changed like this", "POST …/rotate-secret: both count for a while then");
  }
  const fields = { ...current, ...readFields(given, problems, current.headers) };
  checkHeaders(fields, problems);
  return conclude(problems, fields);
}

/** One `[[webhooks]]` of runner.toml. */
export function parseDeclaredEndpoint(input: unknown): ReadEndpoint<DeclaredEndpoint> {
  const problems = new FieldProblems();
  const given = readObject(input, ["name", ...fieldNames, "secret"], problems);
  const name = read.readName(given["name"], problems);
  const secrets = read.readSecrets(given["secret"], problems);
  return conclude(problems, { name, secrets, fields: readWhole(given, problems) });
}

function conclude<T>(problems: FieldProblems, value: T): ReadEndpoint<T> {
  return problems.list.length === 0 ? { ok: true, value } : { ok: false, problems: problems.list };
}

function readWhole(given: Input, problems: FieldProblems): EndpointFields {
  for (const name of ["url", "events"]) {
    if (!Object.hasOwn(given, name)) problems.add(name, "is missing", null);
  }
  const fields = { url: "", events: [], ...endpointDefaults, ...readFields(given, problems, {}) };
  checkHeaders(fields, problems);
  return fields;
}

function readObject(
  input: unknown,
  known: readonly string[],
  problems: FieldProblems,
  toldElsewhere: readonly string[] = [],
): Input {
  if (typeof input !== "object" || input === null || Array.isArray(input)) {
    problems.add("body", `must be an object like { url, events }, not ${describeValue(input)}`);
    return {};
  }
  const given = { ...input } as Record<string, unknown>;
  for (const name of Object.keys(given)) {
    if (!serverFields.includes(name) || known.includes(name)) continue;
    problems.add(name, "is set by the server", "leave it out");
    delete given[name];
  }
  const kept = { ...given };
  for (const name of toldElsewhere) delete given[name];
  problems.refuseUnknown("", given, known, []);
  return kept;
}

/** Those that are given and right. */
function readFields(
  given: Input,
  problems: FieldProblems,
  currentHeaders: EndpointFields["headers"],
): Partial<EndpointFields> {
  const fields: { -readonly [Key in keyof EndpointFields]?: EndpointFields[Key] } = {};
  const take = <Key extends keyof EndpointFields>(
    name: FieldName,
    key: Key,
    parse: (value: unknown, problems: FieldProblems) => EndpointFields[Key] | undefined,
  ): void => {
    if (!Object.hasOwn(given, name)) return;
    const value = given[name];
    const defaults: Partial<EndpointFields> = endpointDefaults;
    const parsed = value === null && key in defaults ? defaults[key] : parse(value, problems);
    if (parsed !== undefined) fields[key] = parsed;
  };
  take("url", "url", read.readUrl);
  take("events", "events", read.readEvents);
  take("pipelines", "pipelines", read.readPipelines);
  take("when", "when", read.readWhen);
  take("enabled", "enabled", read.readEnabled);
  take("headers", "headers", (value) => readHeaders(value, currentHeaders, problems));
  take("signature_header", "signatureHeader", read.readSignatureHeader);
  take("retry", "retryDelaysMs", read.readRetry);
  take("rate_limit", "ratePerMinute", read.readRate);
  take("description", "description", read.readDescription);
  return fields;
}
