// One step of a plan, with what every step may have and the steps inside of it.

import { describeValue } from "../../core/field-problem.ts";
import { dropEmpty } from "./drop-empty.ts";
import { parseGet, parsePut } from "./parse-resource-step.ts";
import { parseGate, parseLoadVar, parseNotify, parseSetPipeline } from "./parse-small-step.ts";
import { parseTask } from "./parse-task-step.ts";
import type { AcrossVar, Hooks, StepModifiers, StepPlan } from "./plan.ts";
import { defined, type Fields, type PlanReader } from "./plan-reader.ts";

interface StepKind {
  /** Fields beside those of every step. */
  readonly fields: readonly string[];
  readonly parse: (reader: PlanReader, path: string, given: Fields) => Kind;
}

type Kind = StepPlan extends infer S
  ? S extends StepModifiers & infer K
    ? Omit<K & S, keyof StepModifiers>
    : never
  : never;

const hookFields = {
  on_success: "onSuccess",
  on_failure: "onFailure",
  on_error: "onError",
  on_abort: "onAbort",
  ensure: "ensure",
} as const;
export const hookNames = Object.keys(hookFields);
const wrappers = ["timeout", "attempts", "across", ...hookNames];
const modifiers = ["tags", ...wrappers];
const resourceFields = ["resource", "params"];
const taskFields =
  "file config image privileged hermetic params vars input_mapping output_mapping container_limits assert".split(" ");

const kinds: Readonly<Record<string, StepKind>> = {
  task: { fields: taskFields, parse: parseTask },
  get: { fields: [...resourceFields, "version", "passed", "trigger"], parse: parseGet },
  put: { fields: [...resourceFields, "inputs", "get_params", "no_get"], parse: parsePut },
  load_var: { fields: ["file", "format", "reveal"], parse: parseLoadVar },
  set_pipeline: { fields: ["file", "vars", "var_files", "instance_vars", "team"], parse: parseSetPipeline },
  gate: { fields: ["message"], parse: parseGate },
  notify: { fields: ["message", "message_file", "title", "level"], parse: parseNotify },
  do: {
    fields: [],
    parse: (reader, path, given) => ({ type: "do", steps: parseSteps(reader, `${path}.do`, given["do"]) }),
  },
  try: { fields: [], parse: parseTry },
  in_parallel: { fields: [], parse: parseInParallel },
};
const kindNames = Object.keys(kinds);
/** To be told of where nothing is behind them. */
const needed = [...kindNames, ...wrappers];
const unsupported: Readonly<Record<string, string>> = {
  agent: "use a task whose program is the agent",
  aggregate: "write in_parallel, which took its place",
  run: "it is a step of a prototype: do it in a task",
};
const form = "write - task: build, with a config";

export function parseSteps(reader: PlanReader, path: string, value: unknown): readonly StepPlan[] {
  const steps = reader.list(path, value, form).flatMap((each, index) => parseStep(reader, `${path}[${index}]`, each));
  if (Array.isArray(value) && value.length === 0) reader.problems.add(path, "must have a step", form);
  return steps;
}

function parseStep(reader: PlanReader, path: string, value: unknown): readonly StepPlan[] {
  const given = reader.fields(path, value, form, needed);
  if (!given || !reader.countStep(path)) return [];
  const kind = findKind(reader, path, given);
  if (kind === null) return [];
  const [name, { fields, parse }] = kind;
  const known = [name, ...fields, ...modifiers, ...("across" in given ? ["fail_fast"] : [])];
  reader.problems.refuseUnknown(path, given, [...known, ...kindNames], []);
  const step = { ...parse(reader, path, given), ...parseModifiers(reader, path, given), at: reader.placeOf(given) };
  return [reader.keep(step as StepPlan, { path, given })];
}

function findKind(reader: PlanReader, path: string, given: Fields): readonly [string, StepKind] | null {
  const found = kindNames.filter((name) => name in given);
  const [name = ""] = found;
  const kind = kinds[name];
  if (kind !== undefined && found.length === 1) return [name, kind];
  if (found.length > 1) {
    reader.problems.add(path, `is several steps in one: ${found.join(", ")}`, "begin each with - of its own");
    return null;
  }
  for (const [name, hint] of Object.entries(unsupported)) {
    if (!(name in given)) continue;
    reader.problems.add(`${path}.${name}`, "is not supported", hint);
    return null;
  }
  const near = Object.keys(given).flatMap((key) => reader.problems.findMeant(key, kindNames) ?? []);
  const hint = near[0] === undefined ? `known steps: ${kindNames.join(", ")}` : `did you mean "${near[0]}"?`;
  reader.problems.add(path, `is no step: it has ${Object.keys(given).slice(0, 8).join(", ") || "nothing"}`, hint);
  return null;
}

function parseModifiers(reader: PlanReader, path: string, given: Fields): Omit<StepModifiers, "at"> {
  const { timeout, attempts, across } = given;
  return {
    ...defined({
      timeout: reader.durationTemplate(`${path}.timeout`, timeout),
      attempts: reader.countTemplate(`${path}.attempts`, attempts),
      across: across === undefined ? undefined : parseAcross(reader, `${path}.across`, across),
      failFast: across === undefined ? undefined : reader.flagTemplate(`${path}.fail_fast`, given["fail_fast"]),
    }),
    ...parseHooks(reader, path, given),
  };
}

/** Of a step or a job. */
export function parseHooks(reader: PlanReader, path: string, given: Fields): Hooks {
  return Object.fromEntries(
    Object.entries(hookFields).flatMap(([field, name]) => {
      if (given[field] === undefined) return [];
      const [step] = parseStep(reader, `${path}.${field}`, given[field]);
      return step === undefined ? [] : [[name, step]];
    }),
  );
}

function parseAcross(reader: PlanReader, path: string, value: unknown): readonly AcrossVar[] {
  const hint = "write - { var: go, values: [1.21, 1.22] }";
  const names = new Set<string>();
  return reader.list(path, value, hint).flatMap((each, index) => {
    const at = `${path}[${index}]`;
    const given = reader.fields(at, each, hint);
    if (!given) return [];
    reader.problems.refuseUnknown(at, given, ["var", "values", "max_in_flight"], []);
    const name = reader.name(`${at}.var`, given["var"]);
    if (names.has(name)) reader.problems.add(`${at}.var`, `is ${JSON.stringify(name)} a second time`);
    names.add(name);
    const { values, max_in_flight: max } = given;
    const isTemplate = typeof values === "string" && values.includes("((");
    const list = isTemplate ? values : (reader.list(`${at}.values`, values, hint) as AcrossVar["values"]);
    const atOnce = max === "all" ? max : reader.countTemplate(`${at}.max_in_flight`, max);
    return [{ var: name, values: list, ...defined({ maxInFlight: atOnce }) }];
  });
}

function parseTry(reader: PlanReader, path: string, given: Fields): Kind {
  const inner = given["try"];
  const steps = Array.isArray(inner)
    ? parseSteps(reader, `${path}.try`, inner)
    : parseStep(reader, `${path}.try`, inner);
  return { type: "try", steps };
}

function parseInParallel(reader: PlanReader, path: string, given: Fields): Kind {
  const at = `${path}.in_parallel`;
  const inner = given["in_parallel"];
  if (Array.isArray(inner)) return { type: "in_parallel", steps: parseSteps(reader, at, inner) };
  if (typeof inner !== "object" || inner === null) {
    reader.problems.add(
      at,
      `must be a list of steps, not ${describeValue(inner)}`,
      "or write { limit: 2, steps: […] }",
    );
    return { type: "in_parallel", steps: [] };
  }
  const { steps, limit, fail_fast: failFast } = dropEmpty(inner as Fields);
  reader.problems.refuseUnknown(at, inner, ["steps", "limit", "fail_fast"], []);
  return {
    type: "in_parallel",
    steps: parseSteps(reader, `${at}.steps`, steps),
    ...defined({
      limit: limit === 0 ? undefined : reader.countTemplate(`${at}.limit`, limit),
      failFast: reader.flagTemplate(`${at}.fail_fast`, failFast),
    }),
  };
}
