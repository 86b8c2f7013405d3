// One job of a pipeline.

import { describeValue } from "../../core/field-problem.ts";
import { listSteps } from "./list-steps.ts";
import { hookNames, parseHooks, parseSteps } from "./parse-step.ts";
import type { ExecutionAssert, JobAssert, JobPlan } from "./plan.ts";
import { defined, type Fields, type PlanReader } from "./plan-reader.ts";

export interface ParsedJob {
  readonly path: string;
  readonly job: JobPlan;
  readonly retention: Retention | undefined;
}

/** `build_log_retention`. */
export interface Retention {
  readonly days?: number;
  readonly runs?: number;
  readonly minSucceeded?: number;
}

const ownFields = "name plan webhook_trigger max_in_flight serial serial_groups timeout assert build_log_retention";
/** Accepted, so that a file of Concourse need not be changed. */
const otherFields = "build_logs_to_retain interruptible public old_name disable_manual_trigger";
const fields = [...ownFields.split(" "), ...otherFields.split(" "), ...hookNames];
const form = "write - name: build, with a plan";
const statuses = ["succeeded", "failed", "skipped", "cancelled"] as const;

export function parseJob(reader: PlanReader, path: string, value: unknown): readonly ParsedJob[] {
  const given = reader.fields(path, value, form, hookNames);
  if (!given) return [];
  reader.problems.refuseUnknown(path, given, fields, []);
  for (const name of ["interruptible", "public", "disable_manual_trigger"]) reader.flag(`${path}.${name}`, given[name]);
  const name = reader.name(`${path}.name`, given["name"]);
  const plan = parseSteps(reader, `${path}.plan`, given["plan"]);
  const hooks = parseHooks(reader, path, given);
  const serial = reader.flag(`${path}.serial`, given["serial"]) === true;
  const maxInFlight = reader.limit(`${path}.max_in_flight`, given["max_in_flight"]);
  const job: JobPlan = {
    name,
    needs: [...new Set(listSteps({ plan, ...hooks }).flatMap((step) => (step.type === "get" ? step.passed : [])))],
    plan,
    ...defined({
      webhookTrigger: readCondition(reader, `${path}.webhook_trigger`, given["webhook_trigger"]),
      maxInFlight: serial ? 1 : maxInFlight,
      timeout: reader.duration(`${path}.timeout`, given["timeout"]),
      assert: given["assert"] === undefined ? undefined : readJobAssert(reader, `${path}.assert`, given["assert"]),
      serialGroups: readSerialGroups(reader, `${path}.serial_groups`, given["serial_groups"]),
    }),
    ...hooks,
    at: reader.placeOf(given),
  };
  return [{ path, job, retention: readRetention(reader, path, given) }];
}

function readSerialGroups(reader: PlanReader, field: string, value: unknown): readonly string[] | undefined {
  if (value === undefined) return undefined;
  const names = reader.names(field, value, "write serial_groups: [deploys]");
  return names.length === 0 ? undefined : [...new Set(names)];
}

function readCondition(reader: PlanReader, field: string, value: unknown): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "string") {
    const hint = "write for example 'payload.ref == \"refs/heads/main\"', between quotes";
    reader.problems.add(field, `must be a text, not ${describeValue(value)}`, hint);
    return undefined;
  }
  const problem = reader.checkCondition(value);
  if (problem !== null)
    reader.problems.add(field, `is no condition: ${problem}`, "`runner eval` tries one on a request");
  return value;
}

export function readExecution(reader: PlanReader, field: string, value: unknown): ExecutionAssert | undefined {
  const given = reader.object(field, value, "write { execution: [build, test] }");
  if (!given) return undefined;
  reader.problems.refuseUnknown(field, given, ["execution"], []);
  return { ...readOrder(reader, field, given), at: reader.placeOf(given) };
}

function readJobAssert(reader: PlanReader, field: string, value: unknown): JobAssert | undefined {
  const given = reader.object(field, value, "write { status: succeeded }");
  if (!given) return undefined;
  reader.problems.refuseUnknown(field, given, ["execution", "status"], []);
  const status = reader.choice(`${field}.status`, given["status"], statuses);
  return { ...readOrder(reader, field, given), ...defined({ status }), at: reader.placeOf(given) };
}

function readOrder(
  reader: PlanReader,
  field: string,
  { execution }: Fields,
): { readonly execution?: readonly string[] } {
  if (execution === undefined) return {};
  return { execution: reader.texts(`${field}.execution`, execution, "write execution: [build, test]") };
}

function readRetention(reader: PlanReader, path: string, given: Fields): Retention | undefined {
  const { build_log_retention: value, build_logs_to_retain: builds } = given;
  const field = `${path}.build_log_retention`;
  if (value === undefined) {
    return defined({ runs: reader.limit(`${path}.build_logs_to_retain`, builds) });
  }
  const of = reader.fields(field, value, "write { days: 30, builds: 100 }");
  if (!of) return undefined;
  reader.problems.refuseUnknown(field, of, ["days", "builds", "minimum_succeeded_builds"], []);
  return defined({
    days: reader.limit(`${field}.days`, of["days"]),
    runs: reader.limit(`${field}.builds`, of["builds"]),
    minSucceeded: reader.limit(`${field}.minimum_succeeded_builds`, of["minimum_succeeded_builds"]),
  });
}
