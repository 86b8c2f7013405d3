// `resources` in a pipeline's config: what is looked at for new versions, and which jobs begin on them.

import { parseDuration } from "../core/duration.ts";
import { describeValue, type FieldProblems } from "../core/field-problem.ts";
import type { JsonValue } from "../core/json.ts";
import type { ResourceConfig, ResourceTrigger } from "../core/pipeline-config.ts";
import { isResourceVersion } from "../core/resource-version.ts";

const maxResources = 200;
const leastCheckMs = 1000;
const usualCheckMs = 60_000;
const form = 'write { name: "repo", type: "git", source: { uri: "…" } }';

export function readResources(value: unknown, problems: FieldProblems): readonly ResourceConfig[] {
  if (value === undefined) return [];
  if (!Array.isArray(value) || value.length > maxResources) {
    const found = Array.isArray(value) ? `a list of ${value.length}` : describeValue(value);
    problems.add("config.resources", `must be a list of at most ${maxResources} resources, not ${found}`, form);
    return [];
  }
  return value.flatMap((each: unknown, index) => {
    const field = `config.resources[${index}]`;
    const given = problems.readObject(field, each, form);
    return given ? readResource(field, given, problems) : [];
  });
}

function readResource(
  field: string,
  given: Readonly<Record<string, unknown>>,
  problems: FieldProblems,
): readonly ResourceConfig[] {
  problems.refuseUnknown(field, given, ["name", "type", "source", "version", "checkEvery", "triggers"], []);
  const { name, type, version, checkEvery } = given;
  const source = problems.readObject(`${field}.source`, given["source"] ?? {}, form);
  if (typeof name !== "string" || name === "" || typeof type !== "string") {
    problems.add(field, "must have a name and a type", form);
    return [];
  }
  if (version !== undefined && !isResourceVersion(version)) {
    problems.add(
      `${field}.version`,
      `must have texts by name, not ${describeValue(version)}`,
      'write { ref: "61cbef" }',
    );
  }
  return [
    {
      name,
      type,
      source: (source ?? {}) as Readonly<Record<string, JsonValue>>,
      ...(isResourceVersion(version) ? { version } : {}),
      checkEveryMs: readCheckEvery(`${field}.checkEvery`, checkEvery, problems),
      triggers: readTriggers(`${field}.triggers`, given["triggers"], problems),
    },
  ];
}

function readCheckEvery(field: string, value: unknown, problems: FieldProblems): number | null {
  if (value === undefined || value === null) return usualCheckMs;
  if (value === "never") return null;
  try {
    const everyMs = parseDuration(value);
    if (everyMs >= leastCheckMs) return everyMs;
  } catch {
    // Told below.
  }
  problems.add(
    field,
    `must be "never" or a duration from 1s on, not ${describeValue(value)}`,
    'write for example "5m"',
  );
  return null;
}

function readTriggers(field: string, value: unknown, problems: FieldProblems): readonly ResourceTrigger[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) {
    problems.add(field, `must be a list, not ${describeValue(value)}`, 'write [{ job: "build", mode: "latest" }]');
    return [];
  }
  return value.flatMap((each: unknown, index) => {
    const given = problems.readObject(`${field}[${index}]`, each, 'write { job: "build" }');
    if (!given) return [];
    const { job, mode } = given;
    if (typeof job === "string") return [{ job, mode: mode === "every" ? "every" : "latest" }];
    problems.add(`${field}[${index}].job`, `must be the name of a job, not ${describeValue(job)}`);
    return [];
  });
}
