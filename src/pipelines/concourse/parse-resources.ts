// Resources of a pipeline, and what is said of their types.

import { parseDuration } from "../../core/duration.ts";
import { didYouMean } from "../../core/did-you-mean.ts";
import { describeValue } from "../../core/field-problem.ts";
import { readVersion } from "./parse-resource-step.ts";
import { type ResourcePlan, resourceTypeNames } from "./plan.ts";
import { defined, type Fields, type PlanReader } from "./plan-reader.ts";
import { checkSource } from "./runtime/resources/check-source.ts";

export interface ParsedResource {
  readonly path: string;
  readonly resource: ResourcePlan;
  /** False where its type is none of those: nothing is known then of what it takes. */
  readonly isBuiltIn: boolean;
  /** A duration, or `never`. */
  readonly checkEvery: string;
}

const ownFields = "name type source version check_every check_timeout webhook_token";
/** Accepted, so that a file of Concourse need not be changed. */
const otherFields = "icon public tags old_name expose_build_created_by";
const fields = [...ownFields.split(" "), ...otherFields.split(" ")];
const form = "write - { name: source, type: git, source: { uri: … } }";

export function parseResources(reader: PlanReader, given: Fields): readonly ParsedResource[] {
  checkResourceTypes(reader, given["resource_types"]);
  const { resources } = given;
  if (resources === undefined) return [];
  return reader.list("resources", resources, form).flatMap((each, index) => {
    const path = `resources[${index}]`;
    const of = reader.fields(path, each, form, ["source"]);
    return of === undefined ? [] : [parseResource(reader, path, of)];
  });
}

function parseResource(reader: PlanReader, path: string, given: Fields): ParsedResource {
  reader.problems.refuseUnknown(path, given, fields, []);
  const { source, version, webhook_token: token } = given;
  if (token !== undefined) {
    const hint = "give the pipeline a webhook instead: config: { webhook: { secret: … } }";
    reader.warnings.add(`${path}.webhook_token`, "has no effect", hint);
  }
  reader.duration(`${path}.check_timeout`, given["check_timeout"]);
  const resource: ResourcePlan = {
    name: reader.name(`${path}.name`, given["name"]),
    type: readType(reader, `${path}.type`, given["type"]),
    source: source === undefined ? {} : reader.data(`${path}.source`, source),
    ...defined({ version: version === undefined ? undefined : readVersion(reader, `${path}.version`, version) }),
    at: reader.placeOf(given),
  };
  const isBuiltIn = resourceTypeNames.some((name) => name === given["type"]);
  if (isBuiltIn) checkSource(`${path}.source`, resource.type, resource.source, reader.problems);
  return { path, resource, isBuiltIn, checkEvery: readCheckEvery(reader, `${path}.check_every`, given["check_every"]) };
}

function readType(reader: PlanReader, field: string, value: unknown): ResourcePlan["type"] {
  const found = resourceTypeNames.find((name) => name === value);
  if (found !== undefined) return found;
  const near = typeof value === "string" ? didYouMean(value, resourceTypeNames) : undefined;
  const hint =
    near === undefined ? `known are ${resourceTypeNames.join(", ")}; do the rest in a task` : `did you mean "${near}"?`;
  reader.problems.add(field, value === undefined ? "is missing" : `is not supported: ${describeValue(value)}`, hint);
  return "mock";
}

function readCheckEvery(reader: PlanReader, field: string, value: unknown): string {
  if (value === undefined) return "1m";
  if (value === "never") return value;
  const every = reader.duration(field, value);
  if (every === undefined) return "1m";
  if (parseDuration(every) < 1000) reader.problems.add(field, `must be a second or more, not ${describeValue(value)}`);
  return every;
}

/** The built-in ones need no image; others cannot be run. */
function checkResourceTypes(reader: PlanReader, value: unknown): void {
  if (value === undefined) return;
  const hint = "write - { name: git, type: registry-image, source: { … } }";
  for (const [index, each] of reader.list("resource_types", value, hint).entries()) {
    const path = `resource_types[${index}]`;
    const given = reader.fields(path, each, hint);
    if (!given) continue;
    const name = reader.name(`${path}.name`, given["name"]);
    if (resourceTypeNames.some((known) => known === name)) {
      reader.warnings.add(path, `has no effect: ${name} is built in`, "remove it");
    } else if (name !== "") {
      const known = `known types are ${resourceTypeNames.join(", ")}; do the rest in a task`;
      reader.problems.add(path, `is not supported: the resource type ${JSON.stringify(name)}`, known);
    }
  }
}
