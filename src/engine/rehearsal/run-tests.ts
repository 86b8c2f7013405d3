// The tests of one pipeline, one after the other, each reported as it ends.

import { toAppError } from "../../core/app-error.ts";
import type { JsonValue } from "../../core/json.ts";
import type { SandboxPool } from "../../sandbox/sandbox.ts";
import { checkEnd, checkExpectation } from "./check-expectation.ts";
import { type Rehearsal, type RehearsedPipeline, rehearse } from "./rehearse.ts";
import { readTestCase, readTestNames, type TestCase } from "./test-case.ts";

export interface TestResult {
  readonly pipeline: string;
  readonly name: string;
  readonly passed: boolean;
  /** Why it failed; a message may have several lines. */
  readonly problems: readonly TestProblem[];
  /** What does no harm, and is probably not what the author meant. */
  readonly warnings: readonly string[];
  /** What the script printed. */
  readonly console: readonly { readonly level: string; readonly text: string }[];
  readonly durationMs: number;
}

export interface TestProblem {
  readonly message: string;
  readonly hint: string | null;
  readonly file: string | null;
  readonly line: number | null;
}

export interface RunTestsOptions {
  readonly pool: SandboxPool;
  readonly pipeline: RehearsedPipeline;
  /** What the file exports by that name. */
  readonly tests: JsonValue;
  readonly isWanted: (name: string) => boolean;
  readonly onResult: (result: TestResult) => Promise<void> | void;
}

/** @throws {AppError} VALIDATION_FAILED when the export is no table of tests. */
export async function runTests({ pool, pipeline, tests, isWanted, onResult }: RunTestsOptions): Promise<void> {
  for (const name of readTestNames(tests).filter(isWanted)) {
    const startedAt = performance.now();
    const tested = await runTest(pool, pipeline, tests, name);
    const durationMs = Math.round(performance.now() - startedAt);
    await onResult({ pipeline: pipeline.id, name, passed: tested.problems.length === 0, durationMs, ...tested });
  }
}

type Tested = Pick<TestResult, "problems" | "warnings" | "console">;

async function runTest(
  pool: SandboxPool,
  pipeline: RehearsedPipeline,
  tests: JsonValue,
  name: string,
): Promise<Tested> {
  try {
    const test = readTestCase(tests, name);
    return judge(test, await rehearse(pool, pipeline, test));
  } catch (thrown) {
    const { message, hint = null } = toAppError(thrown);
    return { problems: [{ ...plainProblem(message), hint }], warnings: [], console: [] };
  }
}

function judge(test: TestCase, rehearsal: Rehearsal): Tested {
  const { end, question, console: lines } = rehearsal;
  const console = lines.map(({ level, text }) => ({ level, text }));
  if (question !== null || end === null) {
    return { problems: question === null ? [] : [question], warnings: warningsOf(test), console };
  }
  const { file = null, line = null, hint = null } = end.error ?? {};
  const ofEnd = checkEnd(test.expect, end).map((message) => ({ message, hint, file, line }));
  // A run that ended otherwise than it should differs in the rest for that reason.
  const isRight = end.status === test.expect.status;
  const others = (isRight ? checkExpectation(test.expect, rehearsal) : []).map(plainProblem);
  const problems = [...ofEnd, ...others];
  return { problems, warnings: warningsOf(test), console };
}

function plainProblem(message: string): TestProblem {
  return { message, hint: null, file: null, line: null };
}

function warningsOf({ steps, fetch, approvals, signals, pipelines }: TestCase): readonly string[] {
  const tables = { steps, fetch, approvals, signals, pipelines };
  return Object.entries(tables).flatMap(([table, { unused }]) =>
    unused.map((name) => `${table}: ${JSON.stringify(name)} was never called`),
  );
}
