// `jobs` in a pipeline's config: the graph that a YAML file is compiled to, known before a run declares it.

import { describeValue, type FieldProblems } from "../core/field-problem.ts";
import { isJobName, maxJobs } from "../core/job.ts";
import type { JobConfig } from "../core/pipeline-config.ts";

const form = 'write { name: "test", needs: ["build"] }';

export function readJobs(value: unknown, problems: FieldProblems): readonly JobConfig[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > maxJobs) {
    const found = Array.isArray(value) ? `a list of ${value.length}` : describeValue(value);
    problems.add("config.jobs", `must be a list of at most ${maxJobs} jobs, not ${found}`, form);
    return [];
  }
  const jobs = value.flatMap((each: unknown, index) => {
    const field = `config.jobs[${index}]`;
    const given = problems.readObject(field, each, form);
    if (!given) return [];
    problems.refuseUnknown(field, given, ["name", "needs", "follows"], []);
    const { name } = given;
    if (!isJobName(name)) {
      problems.add(`${field}.name`, `must be a name of 1 to 200 characters, not ${describeValue(name)}`, form);
      return [];
    }
    const needs = readNames(`${field}.needs`, given["needs"], problems);
    return [{ name, needs, follows: readFollows(`${field}.follows`, given["follows"], problems) }];
  });
  checkNames(jobs, problems);
  checkCycles(jobs, problems);
  return jobs;
}

function readNames(field: string, value: unknown, problems: FieldProblems): readonly string[] {
  if (value === undefined) return [];
  const given: readonly unknown[] = Array.isArray(value) ? value : [value];
  const names = given.filter((each) => typeof each === "string");
  if (names.length < given.length) problems.add(field, "must be a list of names of jobs", form);
  return names;
}

function readFollows(field: string, value: unknown, problems: FieldProblems): JobConfig["follows"] {
  if (value === undefined) return [];
  if (Array.isArray(value)) return value.map((each: unknown, index) => readNames(`${field}[${index}]`, each, problems));
  problems.add(field, `must be a list of lists of jobs, not ${describeValue(value)}`, 'write [["unit", "lint"]]');
  return [];
}

function checkNames(jobs: readonly JobConfig[], problems: FieldProblems): void {
  const names = new Set(jobs.map(({ name }) => name));
  for (const [index, { name, needs, follows }] of jobs.entries()) {
    const field = `config.jobs[${index}]`;
    if (jobs.findIndex((other) => other.name === name) < index) {
      problems.add(`${field}.name`, `names the job ${JSON.stringify(name)} a second time`);
    }
    for (const [key, list] of Object.entries({ needs, follows: follows.flat() })) {
      const absent = list.find((each) => !names.has(each));
      if (absent !== undefined) problems.add(`${field}.${key}`, `names no job of this list: ${JSON.stringify(absent)}`);
    }
  }
}

/** What is left when all jobs are taken away whose needs have been taken before needs itself. */
function checkCycles(jobs: readonly JobConfig[], problems: FieldProblems): void {
  let left: readonly JobConfig[] = jobs;
  for (let before = Infinity; left.length < before;) {
    before = left.length;
    const names = new Set(left.map(({ name }) => name));
    left = left.filter(({ needs }) => needs.some((need) => names.has(need)));
  }
  if (left.length === 0) return;
  const named = left.slice(0, 5).map(({ name }) => JSON.stringify(name));
  problems.add("config.jobs", `go in a circle: ${named.join(", ")}${left.length > 5 ? ", …" : ""} need each other`);
}
