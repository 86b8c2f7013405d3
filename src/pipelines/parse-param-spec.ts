// The declaration of one parameter in `config.params`.

import type { JsonValue } from "../core/json.ts";
import { type ParamSpec, type ParamType, paramTypes } from "../core/pipeline-config.ts";
import { describeValue, type FieldProblems } from "../core/field-problem.ts";

type Scalar = string | number | boolean;

const fields = ["type", "default", "enum", "required", "description"];
const laterFields = ["secret", "pattern", "min", "max", "minLength", "maxLength", "format", "multiple", "label"];
const scalarTypes: readonly string[] = ["string", "number", "boolean"] satisfies readonly ParamType[];
const maxEnumValues = 1000;

/** What is wrong goes into `problems`; what is returned then is only good enough to go on. */
export function parseParamSpec(field: string, value: unknown, problems: FieldProblems): ParamSpec {
  const given = problems.readObject(field, value, 'write { type: "string", default: "nas" }');
  if (!given) return { type: "string", required: false };
  problems.refuseUnknown(field, given, fields, laterFields);
  const type = readType(field, given, problems);
  const choices = readEnum(`${field}.enum`, given["enum"], type, problems);
  const fallback = given["default"];
  if (fallback !== undefined && !isOfType(fallback, type)) {
    problems.add(
      `${field}.default`,
      `must be ${type === "any" ? "data" : `a ${type}`}, not ${describeValue(fallback)}`,
    );
  } else if (fallback !== undefined && choices && !(isScalar(fallback) && choices.includes(fallback))) {
    problems.add(`${field}.default`, `must be one of ${choices.join(", ")}, not ${describeValue(fallback)}`);
  }
  const { required = false, description } = given;
  if (typeof required !== "boolean") {
    problems.add(`${field}.required`, `must be true or false, not ${describeValue(required)}`);
  }
  if (description !== undefined && typeof description !== "string") {
    problems.add(`${field}.description`, `must be a text, not ${describeValue(description)}`);
  }
  return {
    type,
    required: required === true,
    ...(isOfType(fallback, "any") ? { default: fallback } : {}),
    ...(choices ? { enum: choices } : {}),
    ...(typeof description === "string" ? { description } : {}),
  };
}

/** The declared type; without one that of the default or of the first choice; else text. */
function readType(field: string, given: Readonly<Record<string, unknown>>, problems: FieldProblems): ParamType {
  const { type, default: fallback, enum: choices } = given;
  const known = paramTypes.find((each) => each === type);
  if (known !== undefined) return known;
  if (type !== undefined) {
    problems.add(`${field}.type`, `cannot be ${describeValue(type)}`, `known types: ${paramTypes.join(", ")}`);
  }
  const example: unknown = fallback ?? (Array.isArray(choices) ? (choices as readonly unknown[])[0] : undefined);
  return isScalar(example) ? (typeof example as ParamType) : "string";
}

function readEnum(
  field: string,
  value: unknown,
  type: ParamType,
  problems: FieldProblems,
): readonly Scalar[] | undefined {
  if (value === undefined) return undefined;
  const choices: readonly unknown[] = Array.isArray(value) ? value : [];
  if (choices.length === 0 || choices.length > maxEnumValues) {
    const found = Array.isArray(value) ? `a list of ${choices.length}` : describeValue(value);
    problems.add(field, `must be a list of 1 to ${maxEnumValues} values, not ${found}`);
    return undefined;
  }
  const wrong = choices.find((choice) => !isScalar(choice) || !isOfType(choice, type));
  if (wrong !== undefined || choices.includes(undefined)) {
    problems.add(
      field,
      `must have only ${type === "any" ? "texts, numbers and booleans" : `values of type ${type}`}, not ${describeValue(wrong)}`,
    );
  }
  return choices.filter((choice) => isScalar(choice));
}

/** What is asked came over JSON: it is data, but for what JSON leaves out. */
function isOfType(value: unknown, type: ParamType): value is JsonValue {
  if (type === "any") return value !== undefined && typeof value !== "function" && !Number.isNaN(value);
  return typeof value === type && !Number.isNaN(value);
}

function isScalar(value: unknown): value is Scalar {
  return scalarTypes.includes(typeof value);
}
