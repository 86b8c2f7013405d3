// Each field of an endpoint: what it may be, and what is said where it is something else.

import { parseDuration } from "../../core/duration.ts";
import { type FieldProblems, describeValue } from "../../core/field-problem.ts";
import { isHeaderName } from "../../core/header-field.ts";
import { isEventPattern } from "./event-pattern.ts";
import { parseOutboundUrl } from "./outbound-url.ts";

const most = {
  patterns: 100,
  pipelines: 100,
  pipelineCharacters: 200,
  delays: 30,
  ratePerMinute: 60_000,
  descriptionCharacters: 1000,
  secrets: 2,
};
const longestDelayMs = 7 * 24 * 60 * 60 * 1000;

/** Whether it may be reached is asked where names are resolved. */
export function readUrl(value: unknown, problems: FieldProblems): string | undefined {
  if (typeof value !== "string") {
    problems.add("url", `must be an address like "https://example.org/hook", not ${describeValue(value)}`);
    return undefined;
  }
  const parsed = parseOutboundUrl(value);
  if (!("problem" in parsed)) return value;
  problems.add("url", parsed.problem);
  return undefined;
}

export function readEvents(value: unknown, problems: FieldProblems): readonly string[] | undefined {
  const events = readTexts("events", value, most.patterns, problems);
  if (events === undefined) return undefined;
  if (events.length === 0) problems.add("events", "must name at least one event", 'write ["*"] for all');
  events.forEach((pattern, index) => {
    if (isEventPattern(pattern)) return;
    const shown = describeValue(pattern);
    problems.add(`events[${index}]`, `is no pattern of events: ${shown}`, 'like "run.failed", "run.*" or "*"');
  });
  return [...new Set(events)];
}

export function readPipelines(value: unknown, problems: FieldProblems): readonly string[] | undefined {
  const pipelines = readTexts("pipelines", value, most.pipelines, problems);
  pipelines?.forEach((id, index) => {
    const isId = id !== "" && id.length <= most.pipelineCharacters && id.isWellFormed() && !id.includes("\0");
    if (!isId) problems.add(`pipelines[${index}]`, `is no id of a pipeline: ${describeValue(id)}`);
  });
  return pipelines && [...new Set(pipelines)];
}

/** Whether it is an expression is asked where expressions are known. */
export function readWhen(value: unknown, problems: FieldProblems): string | undefined {
  if (typeof value === "string") return value;
  problems.add("when", `must be a condition like 'data.status == "timed_out"', not ${describeValue(value)}`);
  return undefined;
}

export function readEnabled(value: unknown, problems: FieldProblems): boolean | undefined {
  if (typeof value === "boolean") return value;
  problems.add("enabled", `must be true or false, not ${describeValue(value)}`);
  return undefined;
}

export function readSignatureHeader(value: unknown, problems: FieldProblems): string | undefined {
  if (typeof value === "string" && isHeaderName(value) && value.length <= 100) return value;
  problems.add("signature_header", `must be the name of a header, not ${describeValue(value)}`);
  return undefined;
}

/** The waits before the attempts 2, 3, …. */
export function readRetry(value: unknown, problems: FieldProblems): readonly number[] | undefined {
  if (!Array.isArray(value) || value.length > most.delays) {
    const rule = `must be a list of at most ${most.delays} waits, like ["1m", "5m", "30m"]`;
    problems.add("retry", `${rule}, not ${describeValue(value)}`, "[] is one attempt and no more");
    return undefined;
  }
  return value.map((wait: unknown, index) => {
    const ms = toMs(wait);
    if (ms >= 0 && ms <= longestDelayMs) return ms;
    problems.add(`retry[${index}]`, `must be a duration of at most 7d, like "5m", not ${describeValue(wait)}`);
    return 0;
  });
}

function toMs(wait: unknown): number {
  try {
    return Math.round(parseDuration(wait));
  } catch {
    return Number.NaN;
  }
}

export function readRate(value: unknown, problems: FieldProblems): number | undefined {
  const isRate = typeof value === "number" && Number.isInteger(value) && value >= 1 && value <= most.ratePerMinute;
  if (isRate) return value;
  const rule = `must be how many deliveries may begin in a minute, from 1 to ${most.ratePerMinute}`;
  problems.add("rate_limit", `${rule}, not ${describeValue(value)}`);
  return undefined;
}

export function readDescription(value: unknown, problems: FieldProblems): string | undefined {
  if (typeof value === "string" && value.length <= most.descriptionCharacters) return value.toWellFormed();
  problems.add("description", `must be a text of at most ${most.descriptionCharacters} characters`);
  return undefined;
}

export function readName(value: unknown, problems: FieldProblems): string {
  if (typeof value === "string" && /^[a-z0-9][a-z0-9_-]{0,63}$/i.test(value)) return value;
  const rule = "must be up to 64 letters, digits, - and _, beginning with one of the first two";
  problems.add("name", value === undefined ? "is missing" : `${rule}, not ${describeValue(value)}`);
  return "";
}

/** Of a declared one: a secret, or while it is exchanged the new one and the old one. */
export function readSecrets(value: unknown, problems: FieldProblems): readonly string[] {
  const secrets: readonly unknown[] = Array.isArray(value) ? value : [value];
  const isText = (secret: unknown): secret is string => typeof secret === "string";
  if (secrets.every(isText) && secrets.length >= 1 && secrets.length <= most.secrets) return secrets;
  const what = value === undefined ? "is missing" : "must be a text, or a list of the new one and the old one";
  problems.add("secret", what, 'write "env:NAME", "file:/path" or "secret:NAME"');
  return [];
}

function readTexts(
  field: string,
  value: unknown,
  maxCount: number,
  problems: FieldProblems,
): readonly string[] | undefined {
  const isText = (each: unknown): each is string => typeof each === "string";
  if (Array.isArray(value) && value.length <= maxCount && value.every(isText)) return value;
  problems.add(field, `must be a list of at most ${maxCount} texts, not ${describeValue(value)}`);
  return undefined;
}
