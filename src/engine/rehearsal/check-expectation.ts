// Where a rehearsal is not what its test expects, as sentences.

import type { JsonValue } from "../../core/json.ts";
import type { GuestCall } from "../../sandbox/sandbox.ts";
import { compareValues } from "../replay/compare-arguments.ts";
import type { RunEnd } from "../run-end.ts";
import type { ExpectedCall, ExpectedResponse, Expectation } from "./expectation.ts";
import type { Rehearsal } from "./rehearse.ts";
import { inside } from "./read-table.ts";

/** Each may have several lines. */
export type Mismatch = string;

export function checkExpectation(expected: Expectation, rehearsal: Rehearsal): readonly Mismatch[] {
  const { calls, console, scene } = rehearsal;
  const steps = calls.filter(({ kind }) => kind === "step");
  const fetches = calls.filter(({ kind }) => kind === "fetch");
  const children = calls.filter(({ kind }) => kind === "child");
  const events = calls.filter(({ kind }) => kind === "event");
  const notifications = calls.filter(({ kind }) => kind === "notify");
  return [
    ...(expected.respond === undefined ? [] : checkResponse(expected.respond, scene.response)),
    ...(expected.steps === undefined ? [] : checkCalls("steps", expected.steps, steps)),
    ...(expected.fetch === undefined ? [] : checkCalls("fetch", expected.fetch, fetches)),
    ...(expected.pipelines === undefined ? [] : checkCalls("pipelines", expected.pipelines, children)),
    ...(expected.events === undefined ? [] : checkCalls("events", expected.events, events)),
    ...(expected.notify === undefined ? [] : checkCalls("notify", expected.notify, notifications)),
    ...checkConsole(
      expected.console,
      console.map(({ text }) => text),
    ),
    ...[...expected.storage].flatMap(([key, value]) =>
      describeChanges(inside("storage", key), value, scene.storage.get(key) ?? null),
    ),
    ...(expected.artifacts === undefined ? [] : describeChanges("artifacts", expected.artifacts, [...scene.artifacts])),
  ];
}

export function checkEnd({ status, error, result }: Expectation, end: RunEnd): readonly Mismatch[] {
  if (end.status !== status) return [`status: expected ${status}, got ${end.status}${describeError(end)}`];
  const isError =
    error === null ||
    ((error.code ?? end.error?.code) === end.error?.code &&
      (error.line ?? end.error?.line) === end.error?.line &&
      (end.error?.message ?? "").includes(error.message ?? ""));
  const wrongError = isError ? [] : [`error: expected ${shownError(error)}, got${describeError(end)}`];
  return [...wrongError, ...(result === undefined ? [] : describeChanges("result", result, end.result))];
}

function shownError({ code, message, line }: NonNullable<Expectation["error"]>): string {
  return JSON.stringify({ code, message, line });
}

function describeError({ error }: RunEnd): string {
  if (error === null) return "";
  return ` (${error.code}: ${error.message})`;
}

function checkResponse(
  expected: ExpectedResponse | null,
  response: Rehearsal["scene"]["response"],
): readonly Mismatch[] {
  if (expected === null) return response === null ? [] : [`respond: expected none, got ${response.status}`];
  if (response === null) return ["respond: expected a response, but there was none"];
  const { status, body, headers } = expected;
  const got = body?.isJson === true ? (parseJson(response.body) ?? response.body) : response.body;
  const wanted = body?.isJson === true ? (JSON.parse(body.text) as JsonValue) : body?.text;
  return [
    ...(status === undefined ? [] : describeChanges("respond.status", status, response.status)),
    ...(wanted === undefined ? [] : describeChanges("respond.body", wanted, got)),
    ...Object.entries(headers).flatMap(([name, text]) =>
      describeChanges(inside("respond.headers", name), text, response.headers[name] ?? null),
    ),
  ];
}

function checkCalls(
  table: string,
  expected: readonly ExpectedCall[],
  calls: readonly GuestCall[],
): readonly Mismatch[] {
  const names = calls.map(({ name }) => name);
  const wanted = expected.map(({ name }) => name);
  if (JSON.stringify(names) !== JSON.stringify(wanted)) {
    return [
      `${table}: expected ${JSON.stringify(wanted)}\n${" ".repeat(table.length)}       got ${JSON.stringify(names)}`,
    ];
  }
  return expected.flatMap(({ args }, index) => {
    const place = `${table}[${index}]`;
    const got = calls[index]?.args;
    return Object.entries(args).flatMap(([field, value]) =>
      describePart(inside(place, field), value, isObject(got) ? got[field] : undefined),
    );
  });
}

/** What is expected of an object may be a part of it. */
function describePart(place: string, expected: JsonValue | undefined, got: JsonValue | undefined): readonly Mismatch[] {
  if (!isObject(expected) || !isObject(got)) return describeChanges(place, expected, got);
  return Object.entries(expected).flatMap(([field, value]) => describePart(inside(place, field), value, got[field]));
}

function isObject(value: JsonValue | undefined): value is Readonly<Record<string, JsonValue | undefined>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function checkConsole(expected: readonly string[], lines: readonly string[]): readonly Mismatch[] {
  let from = 0;
  for (const text of expected) {
    const found = lines.findIndex((line, index) => index >= from && line.includes(text));
    if (found === -1) {
      const after = from === 0 ? "" : " behind the lines before";
      return [`console: expected a line with ${JSON.stringify(text)}${after}, but there was none`];
    }
    from = found + 1;
  }
  return [];
}

function describeChanges(
  place: string,
  expected: JsonValue | undefined,
  got: JsonValue | undefined,
): readonly Mismatch[] {
  return compareValues(expected, got).map(({ field, recorded, now }) => {
    const at = field === "" ? place : field.startsWith("[") ? place + field : `${place}.${field}`;
    return `${at}: expected ${shown(recorded)}, got ${shown(now)}`;
  });
}

const maxLength = 300;

function shown(value: JsonValue | undefined): string {
  const text = value === undefined ? "nothing" : JSON.stringify(value);
  return text.length <= maxLength ? text : `${text.slice(0, maxLength - 1)}…`;
}

function parseJson(text: string): JsonValue | undefined {
  try {
    return JSON.parse(text) as JsonValue;
  } catch {
    return undefined;
  }
}
