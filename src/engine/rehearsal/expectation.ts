// What a test expects of a run, read from its table.

import type { JsonValue } from "../../core/json.ts";
import { type FinalRunStatus, finalRunStatuses } from "../../core/run.ts";
import {
  type Fields,
  inside,
  readBody,
  readChoice,
  readEntries,
  readFields,
  readHeaders,
  readList,
  readText,
  readTexts,
  readWhole,
} from "./read-table.ts";

export interface Expectation {
  readonly status: FinalRunStatus;
  /** Undefined: whatever it is. */
  readonly result: JsonValue | undefined;
  readonly error: ExpectedError | null;
  /** Undefined: whatever it is; null: none. */
  readonly respond: ExpectedResponse | null | undefined;
  /** Names, or parts of the calls' arguments with a name, in the order of the calls; undefined: whatever they are. */
  readonly steps: readonly ExpectedCall[] | undefined;
  readonly fetch: readonly ExpectedCall[] | undefined;
  readonly pipelines: readonly ExpectedCall[] | undefined;
  /** That the script emitted. */
  readonly events: readonly ExpectedCall[] | undefined;
  /** Of targets, with parts of what they are told. */
  readonly notify: readonly ExpectedCall[] | undefined;
  /** Parts of lines, in their order. */
  readonly console: readonly string[];
  /** Values at the end; null: there is none by this key. */
  readonly storage: ReadonlyMap<string, JsonValue>;
  readonly artifacts: readonly string[] | undefined;
}

export interface ExpectedError {
  readonly code: string | undefined;
  /** A part of it. */
  readonly message: string | undefined;
  readonly line: number | undefined;
}

export interface ExpectedResponse {
  readonly status: number | undefined;
  /** Undefined: whatever it is; `isJson`: the data that it stands for. */
  readonly body: { readonly text: string; readonly isJson: boolean } | undefined;
  readonly headers: Readonly<Record<string, string>>;
}

export interface ExpectedCall {
  readonly name: string;
  readonly args: Fields;
}

const known = [
  "status",
  "result",
  "error",
  "respond",
  "steps",
  "fetch",
  "pipelines",
  "events",
  "notify",
  "console",
  "storage",
  "artifacts",
] as const;

/** @throws {AppError} VALIDATION_FAILED naming the place. */
export function readExpectation(place: string, value: JsonValue | undefined): Expectation {
  const fields = readFields(place, value ?? {}, known);
  const at = (field: string): string => inside(place, field);
  const { status, result, error, respond, steps, fetch, pipelines, events, notify, console, storage, artifacts } =
    fields;
  return {
    status:
      status !== undefined
        ? readChoice(at("status"), status, finalRunStatuses)
        : error === undefined
          ? "succeeded"
          : "failed",
    result,
    error: error === undefined ? null : readError(at("error"), error),
    respond: respond === undefined || respond === null ? respond : readResponse(at("respond"), respond),
    steps: steps === undefined ? undefined : readCalls(at("steps"), steps),
    fetch: fetch === undefined ? undefined : readCalls(at("fetch"), fetch),
    pipelines: pipelines === undefined ? undefined : readCalls(at("pipelines"), pipelines),
    events: events === undefined ? undefined : readCalls(at("events"), events),
    notify: notify === undefined ? undefined : readCalls(at("notify"), notify),
    console: console === undefined ? [] : readTexts(at("console"), console),
    storage: new Map(readEntries(at("storage"), storage)),
    artifacts: artifacts === undefined ? undefined : readTexts(at("artifacts"), artifacts),
  };
}

function readError(place: string, value: JsonValue): ExpectedError {
  if (typeof value === "string") return { code: undefined, message: value, line: undefined };
  const { code, message, line } = readFields(place, value, ["code", "message", "line"]);
  return {
    code: code === undefined ? undefined : readText(inside(place, "code"), code),
    message: message === undefined ? undefined : readText(inside(place, "message"), message),
    line: line === undefined ? undefined : readWhole(inside(place, "line"), line),
  };
}

function readResponse(place: string, value: JsonValue): ExpectedResponse {
  if (typeof value === "string") return { status: undefined, body: readBody(value), headers: {} };
  const { status, body, headers } = readFields(place, value, ["status", "body", "headers"]);
  return {
    status: status === undefined ? undefined : readWhole(inside(place, "status"), status),
    body: body === undefined ? undefined : readBody(body),
    headers: readHeaders(inside(place, "headers"), headers),
  };
}

function readCalls(place: string, value: JsonValue): readonly ExpectedCall[] {
  return readList(place, value).map((item, index) => {
    if (typeof item === "string") return { name: item, args: {} };
    const at = `${place}[${index}]`;
    const { name, ...args } = readFields(at, item);
    return { name: readText(inside(at, "name"), name), args };
  });
}
