// `notify` in a script's config: of what happens to its runs, which targets of runner.toml are told.

import { didYouMean } from "../core/did-you-mean.ts";
import { describeValue, type FieldProblems } from "../core/field-problem.ts";
import { isTargetName } from "../core/notification.ts";
import { type NotifyConfig, type NotifyReason, notifyReasons } from "../core/pipeline-config.ts";

const maxRules = 20;
const maxTargets = 20;
const form = 'write { on: ["failed", "recovered"], to: "ops" }';

export function readNotify(value: unknown, problems: FieldProblems): readonly NotifyConfig[] {
  if (value === undefined) return [];
  const given: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (given.length === 0 || given.length > maxRules) {
    problems.add("config.notify", `must be 1 to ${maxRules} rules, not a list of ${given.length}`, form);
    return [];
  }
  return given.flatMap((each, index) => {
    const field = Array.isArray(value) ? `config.notify[${index}]` : "config.notify";
    const rule = problems.readObject(field, each, form);
    if (!rule) return [];
    problems.refuseUnknown(field, rule, ["on", "to"], []);
    const on = readReasons(`${field}.on`, rule["on"], problems);
    const to = readTargets(`${field}.to`, rule["to"], problems);
    return on.length > 0 && to.length > 0 ? [{ on, to }] : [];
  });
}

function readReasons(field: string, value: unknown, problems: FieldProblems): readonly NotifyReason[] {
  const given: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (value === undefined || given.length === 0) {
    problems.add(field, "must say when", `known are ${notifyReasons.join(", ")}`);
    return [];
  }
  const reasons = given.flatMap((each) => {
    const known = notifyReasons.find((reason) => reason === each);
    if (known !== undefined) return [known];
    const near = typeof each === "string" ? didYouMean(each, notifyReasons) : undefined;
    const hint = near ? `did you mean "${near}"?` : `known are ${notifyReasons.join(", ")}`;
    problems.add(field, `cannot be ${describeValue(each)}`, hint);
    return [];
  });
  return [...new Set(reasons)];
}

function readTargets(field: string, value: unknown, problems: FieldProblems): readonly string[] {
  const given: readonly unknown[] = Array.isArray(value) ? value : [value];
  const isName = (name: unknown): name is string => typeof name === "string" && isTargetName(name);
  if (given.length > 0 && given.length <= maxTargets && given.every(isName)) return [...new Set(given)];
  const shown = given.length === 1 ? describeValue(given[0]) : "this list";
  problems.add(field, `must name targets of runner.toml, not ${shown}`, 'write "ops", or a list of at most 20 names');
  return [];
}
