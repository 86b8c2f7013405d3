// The jobs that a run is for, from those that are named.

import { expect, test } from "bun:test";
import { AppError } from "../../../src/core/app-error.ts";
import { expandJobs } from "../../../src/engine/expand-jobs.ts";

const job = (name: string, ...needs: readonly string[]) => ({ name, needs, follows: [] });
// One that needs others may stand before them.
const jobs = [job("ship", "test", "scan"), job("build"), job("test", "build"), job("scan", "build"), job("docs")];

test.each([
  [[], []],
  [["docs"], ["docs"]],
  [["scan"], ["ship", "scan"]],
  [["build"], ["ship", "build", "test", "scan"]],
  [
    ["docs", "ship", "docs"],
    ["ship", "docs"],
  ],
])("%p are %p", (named, expected) => {
  expect(expandJobs("ci", { jobs }, named)).toEqual(expected);
});

function refusal(config: Parameters<typeof expandJobs>[1], named: readonly string[]): AppError {
  try {
    expandJobs("ci", config, named);
  } catch (thrown) {
    if (thrown instanceof AppError) return thrown;
  }
  throw new Error("it was accepted");
}

test("a job that there is not is refused with the nearest name, or with those that there are", () => {
  expect(refusal({ jobs }, ["build", "tset"])).toMatchObject({
    code: "JOB_NOT_FOUND",
    message: 'pipeline "ci" has no job "tset"',
    hint: 'did you mean "test"?',
  });
  expect(refusal({ jobs }, ["something else"]).hint).toBe("its jobs are ship, build, test, scan, docs");
});

test("a pipeline without jobs has none to choose from", () => {
  const error = refusal({}, ["build"]);
  expect([error.code, error.message]).toEqual(["VALIDATION_FAILED", 'pipeline "ci" has no jobs to choose from']);
});
