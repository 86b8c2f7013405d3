// `after` in a script's config: the ends of other pipelines' runs that each begin one of this pipeline.

import { didYouMean } from "../core/did-you-mean.ts";
import type { AfterConfig } from "../core/pipeline-config.ts";
import { type FinalRunStatus, isFinal, runStatuses } from "../core/run.ts";
import { describeValue, type FieldProblems } from "../core/field-problem.ts";

const maxPipelines = 100;
const finalStatuses = runStatuses.filter(isFinal);
const form = 'write { pipeline: "build", status: "succeeded" }';

export function readAfter(value: unknown, problems: FieldProblems): readonly AfterConfig[] {
  if (value === undefined) return [];
  const given: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (given.length === 0 || given.length > maxPipelines) {
    problems.add("config.after", `must be 1 to ${maxPipelines} pipelines, not a list of ${given.length}`, form);
    return [];
  }
  return given.flatMap((each, index) => {
    const field = Array.isArray(value) ? `config.after[${index}]` : "config.after";
    const after = problems.readObject(field, each, form);
    if (!after) return [];
    problems.refuseUnknown(field, after, ["pipeline", "status"], []);
    const { pipeline } = after;
    if (typeof pipeline !== "string" || pipeline === "") {
      const hint = "its id is its path below the pipelines folder, without the extension";
      problems.add(`${field}.pipeline`, `must be the id of a pipeline, not ${describeValue(pipeline)}`, hint);
    }
    const statuses = readStatuses(`${field}.status`, after["status"], problems);
    return typeof pipeline === "string" ? [{ pipeline, statuses }] : [];
  });
}

function readStatuses(field: string, value: unknown, problems: FieldProblems): readonly FinalRunStatus[] {
  if (value === undefined) return ["succeeded"];
  const given: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (given.length === 0) problems.add(field, "must name a status", `known are ${finalStatuses.join(", ")}`);
  const statuses = given.flatMap((each) => {
    const known = finalStatuses.find((status) => status === each);
    if (known !== undefined) return [known];
    const near = typeof each === "string" ? didYouMean(each, finalStatuses) : undefined;
    const hint = near ? `did you mean "${near}"?` : `known are ${finalStatuses.join(", ")}`;
    problems.add(field, `cannot be ${describeValue(each)}`, hint);
    return [];
  });
  return [...new Set(statuses)];
}
