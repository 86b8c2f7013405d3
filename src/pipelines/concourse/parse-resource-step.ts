// The steps `get` and `put`.

import { describeValue } from "../../core/field-problem.ts";
import type { GetPlan, PutPlan, Version } from "./plan.ts";
import { defined, type Fields, type PlanReader } from "./plan-reader.ts";

export function parseGet(reader: PlanReader, path: string, given: Fields): GetPlan {
  const name = reader.name(`${path}.get`, given["get"]);
  const { resource, version, passed, params } = given;
  return {
    type: "get",
    name,
    resource: resource === undefined ? name : reader.name(`${path}.resource`, resource),
    version: readVersionChoice(reader, `${path}.version`, version),
    passed: passed === undefined ? [] : reader.jobs(`${path}.passed`, passed, "write passed: [build]"),
    trigger: reader.flag(`${path}.trigger`, given["trigger"]) ?? false,
    ...defined({ params: params === undefined ? undefined : reader.data(`${path}.params`, params) }),
  };
}

export function parsePut(reader: PlanReader, path: string, given: Fields): PutPlan {
  const name = reader.name(`${path}.put`, given["put"]);
  const { resource, inputs, params, get_params: getParams } = given;
  return {
    type: "put",
    name,
    resource: resource === undefined ? name : reader.name(`${path}.resource`, resource),
    inputs: readPutInputs(reader, `${path}.inputs`, inputs),
    noGet: reader.flag(`${path}.no_get`, given["no_get"]) ?? false,
    ...defined({
      params: params === undefined ? undefined : reader.data(`${path}.params`, params),
      getParams: getParams === undefined ? undefined : reader.data(`${path}.get_params`, getParams),
    }),
  };
}

function readVersionChoice(reader: PlanReader, field: string, value: unknown): GetPlan["version"] {
  if (value === undefined || value === "latest") return "latest";
  if (value === "every") return value;
  if (typeof value === "object" && value !== null && !Array.isArray(value))
    return readVersion(reader, field, value) ?? "latest";
  const hint = "write latest, every, or the version: { ref: 61cbef }";
  reader.problems.add(field, `cannot be ${describeValue(value)}`, hint);
  return "latest";
}

/** `{ ref: 61cbef }`. */
export function readVersion(reader: PlanReader, field: string, value: unknown): Version | undefined {
  const given = reader.problems.readObject(field, value, "write { ref: 61cbef }");
  if (!given) return undefined;
  const parts = Object.entries(given);
  if (parts.length === 0) reader.problems.add(field, "must not be empty", "write { ref: 61cbef }");
  return Object.fromEntries(
    // `{ number: 3 }` is no text in YAML.
    parts.map(([key, part]) => [key, reader.text(`${field}.${key}`, typeof part === "number" ? String(part) : part)]),
  );
}

function readPutInputs(reader: PlanReader, field: string, value: unknown): PutPlan["inputs"] {
  if (value === undefined || value === "all") return "all";
  if (value === "detect") return value;
  return reader.names(field, value, "write all, detect, or a list of artifacts");
}
