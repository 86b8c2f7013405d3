// The parameters given to a run, held against those its pipeline declares.

import { AppError } from "../core/app-error.ts";
import { didYouMean } from "../core/did-you-mean.ts";
import type { JsonValue } from "../core/json.ts";
import type { ParamSpec, ParamValues } from "../core/pipeline-config.ts";
import { describeValue, type FieldProblem } from "../core/field-problem.ts";

/**
 * The values of all parameters: given ones converted to their declared types, then defaults; an optional one without
 * either is left out.
 * @throws {AppError} PARAM_INVALID with every problem in `details.problems`.
 */
export function parseParams(
  specs: Readonly<Record<string, ParamSpec>>,
  given: Readonly<Record<string, unknown>>,
): ParamValues {
  const problems: FieldProblem[] = [];
  const values: [string, JsonValue][] = [];
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(specs, name)) problems.push(describeUnknown(name, Object.keys(specs)));
  }
  for (const [name, spec] of Object.entries(specs)) {
    const value = Object.hasOwn(given, name) ? given[name] : undefined;
    const parsed = value === undefined ? spec.default : convert(value, spec);
    const problem = findProblem(name, spec, value, parsed);
    if (problem) problems.push(problem);
    else if (parsed !== undefined) values.push([name, parsed]);
  }
  if (problems.length === 0) return Object.fromEntries(values);
  const hint = problems.find((problem) => problem.hint !== null)?.hint;
  throw new AppError("PARAM_INVALID", problems.map(({ message }) => message).join("; "), {
    ...(hint ? { hint } : {}),
    details: { problems },
  });
}

function convert(value: unknown, { type }: ParamSpec): JsonValue | undefined {
  if (typeof value === "number" && !Number.isFinite(value)) return undefined;
  if (type === "any" || typeof value === type) return value as JsonValue;
  if (typeof value !== "string") return undefined;
  if (type === "boolean") return value === "true" ? true : value === "false" ? false : undefined;
  // Number("") is 0 and Number("0x1F") is 31; neither is what someone who types a number means.
  return /^\s*[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?\s*$/.test(value) && Number.isFinite(Number(value))
    ? Number(value)
    : undefined;
}

function findProblem(
  name: string,
  spec: ParamSpec,
  value: unknown,
  parsed: JsonValue | undefined,
): FieldProblem | undefined {
  const field = `params.${name}`;
  const choices = spec.enum ? `one of ${spec.enum.join(", ")}` : spec.type === "any" ? "a value" : `a ${spec.type}`;
  if (value === undefined) {
    if (parsed !== undefined || !spec.required) return undefined;
    return { field, message: `parameter "${name}" is required`, hint: `give it with --param ${name}=…: ${choices}` };
  }
  if (parsed !== undefined && (!spec.enum || spec.enum.some((choice) => choice === parsed))) return undefined;
  return { field, message: `parameter "${name}" must be ${choices}, not ${describeValue(value)}`, hint: null };
}

function describeUnknown(name: string, known: readonly string[]): FieldProblem {
  const near = didYouMean(name, known);
  const others = known.length > 0 ? `it has: ${known.join(", ")}` : "it declares none in config.params";
  const shown = JSON.stringify(name.slice(0, 80));
  return {
    field: "params",
    message: `the pipeline has no parameter ${shown}`,
    hint: near ? `did you mean "${near}"?` : others,
  };
}
