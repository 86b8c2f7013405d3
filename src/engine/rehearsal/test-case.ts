// One test of a pipeline, read from the table that its file exports.

import type { JsonValue } from "../../core/json.ts";
import type { GuestPrecedingRun } from "../../sandbox/sandbox.ts";
import { triggers, type Trigger } from "../../core/run.ts";
import {
  type ApprovalAnswer,
  type ChildAnswer,
  type FetchAnswer,
  readEnd,
  readApprovalAnswer,
  readChildAnswer,
  readFetchAnswer,
  readSignalAnswer,
  readStepAnswer,
  type SignalAnswer,
  type StepAnswer,
} from "./answers.ts";
import { type Expectation, readExpectation } from "./expectation.ts";
import { NamedAnswers } from "./named-answers.ts";
import { inside, readChoice, readEntries, readFields, readText, readTextMap, readTexts, wrong } from "./read-table.ts";
import { readTestRequest, type TestRequest } from "./test-request.ts";

export interface TestCase {
  readonly name: string;
  /** Null: started by hand. */
  readonly request: TestRequest | null;
  readonly params: Readonly<Record<string, unknown>>;
  readonly args: readonly string[];
  readonly triggeredBy: Trigger;
  /** The end of another run that this one begins with. */
  readonly after: GuestPrecedingRun | null;
  readonly nowMs: number;
  readonly steps: NamedAnswers<StepAnswer>;
  readonly fetch: NamedAnswers<FetchAnswer>;
  readonly approvals: NamedAnswers<ApprovalAnswer | null>;
  readonly signals: NamedAnswers<SignalAnswer | null>;
  /** Runs that the script starts, by the pipeline's id. */
  readonly pipelines: NamedAnswers<ChildAnswer>;
  /** Values at the beginning. */
  readonly storage: ReadonlyMap<string, JsonValue>;
  /** As of runner.toml. */
  readonly vars: ReadonlyMap<string, JsonValue>;
  /** Name of a volume → path → text. */
  readonly volumes: ReadonlyMap<string, ReadonlyMap<string, string>>;
  /** Reference, as `env:KEY` → the secret. */
  readonly secrets: ReadonlyMap<string, string>;
  readonly expect: Expectation;
}

const precedingRunId = "00000000-0000-7000-8000-000000009999";
/** A time that is easily told from a real one. */
const usualNow = Date.UTC(2026, 0, 1, 12, 0, 0);

const known = [
  "request",
  "params",
  "args",
  "triggeredBy",
  "after",
  "now",
  "steps",
  "fetch",
  "approvals",
  "signals",
  "pipelines",
  "storage",
  "vars",
  "volumes",
  "secrets",
  "expect",
] as const;

/** The tests in the order they were written. @throws {AppError} VALIDATION_FAILED when it is no table of tests. */
export function readTestNames(tests: JsonValue): readonly string[] {
  return Object.keys(readFields("tests", tests));
}

/** @throws {AppError} VALIDATION_FAILED naming the place. */
export function readTestCase(tests: JsonValue, name: string): TestCase {
  const place = inside("tests", name);
  const fields = readFields(place, readFields("tests", tests)[name], known);
  const at = (field: string): string => inside(place, field);
  const request = fields["request"] === undefined ? null : readTestRequest(at("request"), fields["request"]);
  const usualTrigger = fields["after"] !== undefined ? "pipeline" : request === null ? "manual" : "webhook";
  return {
    name,
    request,
    params: Object.fromEntries(readEntries(at("params"), fields["params"])),
    args: fields["args"] === undefined ? [] : readTexts(at("args"), fields["args"]),
    triggeredBy:
      fields["triggeredBy"] === undefined
        ? usualTrigger
        : readChoice(at("triggeredBy"), fields["triggeredBy"], triggers),
    after: fields["after"] === undefined ? null : readAfter(at("after"), fields["after"]),
    nowMs: fields["now"] === undefined ? usualNow : readTime(at("now"), fields["now"]),
    steps: NamedAnswers.read(at("steps"), fields["steps"], readStepAnswer),
    fetch: NamedAnswers.read(at("fetch"), fields["fetch"], readFetchAnswer),
    approvals: NamedAnswers.read(at("approvals"), fields["approvals"], readApprovalAnswer),
    signals: NamedAnswers.read(at("signals"), fields["signals"], readSignalAnswer),
    pipelines: NamedAnswers.read(at("pipelines"), fields["pipelines"], readChildAnswer),
    storage: new Map(readEntries(at("storage"), fields["storage"])),
    vars: new Map(readEntries(at("vars"), fields["vars"])),
    volumes: new Map(
      readEntries(at("volumes"), fields["volumes"]).map(([volume, files]) => [
        volume,
        readTextMap(inside(at("volumes"), volume), files),
      ]),
    ),
    secrets: readTextMap(at("secrets"), fields["secrets"]),
    expect: readExpectation(at("expect"), fields["expect"]),
  };
}

/** As the script sees it; a text is the pipeline whose run succeeded. */
function readAfter(place: string, value: JsonValue): GuestPrecedingRun {
  const { pipelineID, ...end } = readFields(place, typeof value === "string" ? { pipelineID: value } : value, [
    "pipelineID",
    "status",
    "result",
    "error",
  ]);
  const { status, result, error } = readEnd(place, end);
  return {
    runID: precedingRunId,
    pipelineID: readText(inside(place, "pipelineID"), pipelineID),
    status,
    result,
    error: error && { code: error.code ?? "SCRIPT_ERROR", message: error.message },
  };
}

function readTime(place: string, value: JsonValue): number {
  const atMs = typeof value === "number" ? value : Date.parse(readText(place, value));
  if (Number.isInteger(atMs)) return atMs;
  throw wrong(place, 'a time as "2026-01-31T03:00:00Z"', value);
}
