// `config.jobs`: the graph, and every problem it has.

import { expect, test } from "bun:test";
import { FieldProblems } from "../../../src/core/field-problem.ts";
import { readJobs } from "../../../src/pipelines/parse-jobs.ts";

function problemsOf(value: unknown): readonly string[] {
  const problems = new FieldProblems();
  readJobs(value, problems);
  return problems.list.map(({ message }) => message);
}

test("jobs have their needs, and those they follow", () => {
  const problems = new FieldProblems();
  const jobs = readJobs([{ name: "a" }, { name: "b", needs: ["a"], follows: [["a"], "a"] }], problems);
  expect(problems.list).toEqual([]);
  expect(jobs).toEqual([
    { name: "a", needs: [], follows: [] },
    { name: "b", needs: ["a"], follows: [["a"], ["a"]] },
  ]);
});

test.each([
  [{}, "config.jobs must be a list of at most 1000 jobs, not an object"],
  [[{ name: "" }], 'config.jobs[0].name must be a name of 1 to 200 characters, not the text ""'],
  [[{ name: "a" }, { name: "a" }], 'config.jobs[1].name names the job "a" a second time'],
  [[{ name: "a", needs: ["b"] }], 'config.jobs[0].needs names no job of this list: "b"'],
  [[{ name: "a", need: [] }], "config.jobs[0].need is unknown"],
  [[{ name: "a", follows: [["b"]] }], 'config.jobs[0].follows names no job of this list: "b"'],
  [[{ name: "a", follows: "a" }], 'config.jobs[0].follows must be a list of lists of jobs, not the text "a"'],
  [[{ name: "a", needs: ["a"] }], 'config.jobs go in a circle: "a" need each other'],
  [
    [{ name: "x" }, { name: "a", needs: ["x", "c"] }, { name: "b", needs: ["a"] }, { name: "c", needs: ["b"] }],
    'config.jobs go in a circle: "a", "b", "c" need each other',
  ],
])("%p is refused", (value, message) => {
  expect(problemsOf(value)).toEqual([message]);
});
