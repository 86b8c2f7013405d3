// `schedule` in a script's config: one or several times at which runs begin by themselves.

import { AppError } from "../core/app-error.ts";
import { didYouMean } from "../core/did-you-mean.ts";
import { parseDuration } from "../core/duration.ts";
import {
  type CatchUpRule,
  catchUpRules,
  type ParamSpec,
  type ParamValues,
  type ScheduleConfig,
} from "../core/pipeline-config.ts";
import { checkTimezone, parseScheduleTimes } from "../core/schedule-times.ts";
import { describeValue, type FieldProblem, type FieldProblems } from "../core/field-problem.ts";
import { parseParams } from "./parse-params.ts";

const fields = ["cron", "timezone", "jitter", "catchUp", "overlap", "params"];
const maxSchedules = 100;
const longestJitterMs = 24 * 60 * 60 * 1000;
const form = 'write "0 3 * * *", "@every 15m" or { cron: "0 3 * * *", timezone: "Europe/Berlin" }';

/** Its schedules; `specs` are the parameters that each run must be given. */
export function readSchedules(
  value: unknown,
  specs: Readonly<Record<string, ParamSpec>>,
  problems: FieldProblems,
): readonly ScheduleConfig[] {
  if (value === undefined) return [];
  const given: readonly unknown[] = Array.isArray(value) ? value : [value];
  if (given.length === 0 || given.length > maxSchedules) {
    problems.add("config.schedule", `must be 1 to ${maxSchedules} schedules, not a list of ${given.length}`, form);
    return [];
  }
  const schedules: ScheduleConfig[] = [];
  for (const [index, each] of given.entries()) {
    const field = Array.isArray(value) ? `config.schedule[${index}]` : "config.schedule";
    const schedule = readSchedule(field, each, specs, problems);
    if (schedule === undefined) continue;
    const isKnown = schedules.some(({ cron, timezone, params }) =>
      Bun.deepEquals([cron, timezone, params], [schedule.cron, schedule.timezone, schedule.params]),
    );
    if (isKnown) problems.add(field, "is the same as one before it", "remove it, or give it other params");
    schedules.push(schedule);
  }
  return schedules;
}

function readSchedule(
  field: string,
  value: unknown,
  specs: Readonly<Record<string, ParamSpec>>,
  problems: FieldProblems,
): ScheduleConfig | undefined {
  const isText = typeof value === "string";
  const given = isText ? { cron: value } : problems.readObject(field, value, form);
  if (!given) return undefined;
  problems.refuseUnknown(field, given, fields, []);
  const timezone = readTimezone(`${field}.timezone`, given["timezone"], problems);
  const { overlap = false } = given;
  if (typeof overlap !== "boolean") {
    problems.add(`${field}.overlap`, `must be true or false, not ${describeValue(overlap)}`);
  }
  return {
    cron: readCron(isText ? field : `${field}.cron`, given["cron"], timezone ?? "UTC", problems),
    timezone,
    jitterMs: readJitter(`${field}.jitter`, given["jitter"], problems),
    catchUp: readCatchUp(`${field}.catchUp`, given["catchUp"], problems),
    overlap: overlap === true,
    params: readParams(`${field}.params`, given["params"], specs, problems),
  };
}

function readCron(field: string, value: unknown, timezone: string, problems: FieldProblems): string {
  if (typeof value !== "string") {
    problems.add(field, `must be a text, not ${describeValue(value)}`, form);
    return "";
  }
  attempt(field, problems, () => parseScheduleTimes(value, timezone));
  return value;
}

function readTimezone(field: string, value: unknown, problems: FieldProblems): string | null {
  if (value === undefined) return null;
  if (typeof value !== "string") {
    problems.add(field, `must be a text, not ${describeValue(value)}`, 'write a name like "Europe/Berlin" or "UTC"');
    return null;
  }
  return attempt(field, problems, () => checkTimezone(value)) ? value : null;
}

function readJitter(field: string, value: unknown, problems: FieldProblems): number {
  if (value === undefined) return 0;
  let jitterMs = Number.NaN;
  if (!attempt(field, problems, () => (jitterMs = Math.round(parseDuration(value))))) return 0;
  if (jitterMs <= longestJitterMs) return jitterMs;
  problems.add(field, `must be at most 24 h, not ${describeValue(value)}`);
  return 0;
}

function readCatchUp(field: string, value: unknown, problems: FieldProblems): CatchUpRule {
  const rule = catchUpRules.find((each) => each === value);
  if (value === undefined || rule !== undefined) return rule ?? "none";
  const near = typeof value === "string" ? didYouMean(value, catchUpRules) : undefined;
  const hint = near ? `did you mean "${near}"?` : `known are ${catchUpRules.join(", ")}`;
  problems.add(field, `cannot be ${describeValue(value)}`, hint);
  return "none";
}

/** The given values, of their declared types. Nobody can be asked at a tick, so what is required is required here. */
function readParams(
  field: string,
  value: unknown,
  specs: Readonly<Record<string, ParamSpec>>,
  problems: FieldProblems,
): ParamValues {
  const given = value === undefined ? {} : problems.readObject(field, value, 'write { target: "nas" }');
  if (!given) return {};
  for (const [name, spec] of Object.entries(specs)) {
    if (!spec.required || spec.default !== undefined || Object.hasOwn(given, name)) continue;
    problems.add(field, `must have "${name}", which every run requires`, `write params: { ${name}: … }, or a default`);
  }
  const optional = Object.entries(specs).map(([name, spec]) => [name, { ...spec, required: false }] as const);
  try {
    const values = parseParams(Object.fromEntries(optional), given);
    return Object.fromEntries(Object.entries(values).filter(([name]) => Object.hasOwn(given, name)));
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    for (const { message, hint } of thrown.details["problems"] as readonly FieldProblem[]) {
      problems.add(field, `cannot be used: ${message}`, hint);
    }
    return {};
  }
}

/** True where it does not throw; else what it says is a problem of the field. */
function attempt(field: string, problems: FieldProblems, parse: () => unknown): boolean {
  try {
    parse();
    return true;
  } catch (thrown) {
    if (!(thrown instanceof AppError)) throw thrown;
    problems.add(field, `cannot be used: ${thrown.message}`, thrown.hint ?? null);
    return false;
  }
}
