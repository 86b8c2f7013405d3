// The bodies of what is asked of an endpoint: `{ event_type }`, `{ secret, keep_old_for }`, `{ since }`.

import { parseDuration } from "../core/duration.ts";
import { isEventType } from "../core/event.ts";
import { describeValue, FieldProblems, fieldsInvalid } from "../core/field-problem.ts";
import type { SecretRotation } from "../engine/engine.ts";
import { parseJson } from "./parse-json.ts";

type Input = Readonly<Record<string, unknown>>;

const dayMs = 24 * 60 * 60 * 1000;
const longestKeptMs = 30 * dayMs;
/** RFC 3339, or a date alone. */
const timePattern = /^\d{4}-\d\d-\d\d(?:[Tt]\d\d:\d\d(?::\d\d(?:\.\d+)?)?(?:[Zz]|[+-]\d\d:\d\d))?$/;

/** The type of the event to send. @throws {AppError} INVALID_JSON, FIELDS_INVALID. */
export function parseSampleRequest(body: Uint8Array): string {
  return readBody(body, ["event_type"], ({ event_type: type }, problems) => {
    if (typeof type === "string" && isEventType(type)) return type;
    const what = type === undefined ? "is missing" : `must be the type of an event, not ${describeValue(type)}`;
    problems.add("event_type", what, 'write one like "run.failed"');
    return "";
  });
}

/** Without a body a secret is made, and the old one counts for a day. @throws {AppError} INVALID_JSON, FIELDS_INVALID. */
export function parseRotation(body: Uint8Array): SecretRotation {
  return readBody(body, ["secret", "keep_old_for"], ({ secret, keep_old_for: kept }, problems) => {
    if (secret !== undefined && secret !== null && typeof secret !== "string") {
      problems.add("secret", "must be a text", "leave it out to have one made");
    }
    const keepOldForMs = kept === undefined || kept === null ? dayMs : readKept(kept);
    if (!(keepOldForMs <= longestKeptMs)) {
      problems.add("keep_old_for", `must be a duration of at most 30d, not ${describeValue(kept)}`, '"0s": not at all');
    }
    return { keepOldForMs, ...(typeof secret === "string" ? { secret } : {}) };
  });
}

/** Milliseconds since 1970. @throws {AppError} INVALID_JSON, FIELDS_INVALID. */
export function parseRecovery(body: Uint8Array): number {
  return readBody(body, ["since"], ({ since }, problems) => {
    const at = typeof since === "string" && timePattern.test(since) ? Date.parse(since) : Number.NaN;
    if (!Number.isNaN(at)) return at;
    const what = since === undefined ? "is missing" : `must be a time, not ${describeValue(since)}`;
    problems.add("since", what, 'write one like "2026-02-02T14:45:30Z"');
    return 0;
  });
}

function readBody<T>(
  body: Uint8Array,
  fields: readonly string[],
  read: (input: Input, problems: FieldProblems) => T,
): T {
  const problems = new FieldProblems();
  const given = body.length === 0 ? {} : parseJson(body);
  const input = problems.readObject("body", given, `like { ${fields.join(", ")} }`) ?? {};
  problems.refuseUnknown("", input, fields, []);
  const value = read(input, problems);
  if (problems.list.length > 0) throw fieldsInvalid(problems.list);
  return value;
}

function readKept(kept: unknown): number {
  try {
    return parseDuration(kept);
  } catch {
    return Number.NaN;
  }
}
