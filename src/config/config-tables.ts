// The tables of runner.toml: what is no setting with a flag and a variable of its own.

import type { JsonValue } from "../core/json.ts";
import type * as Expressions from "../expressions/expressions.ts";
import type * as Webhooks from "../webhooks/webhooks.ts";
import type { DeclaredEndpoint, Target } from "../webhooks/webhooks.ts";
import { readEndpoints } from "./endpoint-tables.ts";
import { createTomlLineFinder, type FindTomlLine } from "./toml-lines.ts";
import type { TomlFile } from "./toml-file.ts";

export interface ConfigTables {
  /** `[targets.NAME]`: where notifications go. */
  readonly targets: readonly Target[];
  /** `[[webhooks]]`: endpoints that events are sent to. */
  readonly webhooks: readonly DeclaredEndpoint[];
  /** `[metadata]`: told with each event. */
  readonly metadata: Readonly<Record<string, string>>;
  /** `[vars]`: values for scripts and YAML pipelines. */
  readonly vars: Readonly<Record<string, JsonValue>>;
}

export const tableNames: readonly string[] = [
  "targets",
  "webhooks",
  "metadata",
  "vars",
] satisfies readonly (keyof ConfigTables)[];

/** Of a program that has no runner.toml. */
export const noTables: ConfigTables = { targets: [], webhooks: [], metadata: {}, vars: {} };

type Add = (line: number | null, message: string, hint: string | null) => void;

const maxMetadata = 50;
const maxMetadataCharacters = 1000;
/** What events have there by themselves. */
const ownMetadata = ["pipeline", "run_id", "sequence"];

/** Loaded where there is a table that needs them. */
const loadWebhooks = (): typeof Webhooks => require("../webhooks/webhooks.ts") as typeof Webhooks;
const loadExpressions = (): typeof Expressions => require("../expressions/expressions.ts") as typeof Expressions;

export function readTables({ entries, text }: TomlFile, add: Add): ConfigTables {
  const valueOf = (name: string): unknown => entries.find(({ key }) => key === name)?.value;
  const findLine = createTomlLineFinder(text);
  return {
    targets: readTargets(valueOf("targets"), findLine, add),
    webhooks: readEndpoints(valueOf("webhooks"), findLine, add),
    metadata: readMetadata(valueOf("metadata"), findLine, add),
    vars: readVars(valueOf("vars"), findLine, add),
  };
}

function readTargets(value: unknown, findLine: FindTomlLine, add: Add): readonly Target[] {
  if (value === undefined) return [];
  const checkTemplate = (template: string): string | null => loadExpressions().checkTemplate(template, "notification");
  const { targets, problems } = loadWebhooks().parseTargets(value, checkTemplate);
  for (const { path, message, hint } of problems) {
    add(findLine(["targets", ...path]), [["targets", ...path.slice(0, 1)].join("."), message].join(": "), hint);
  }
  return targets;
}

function readMetadata(value: unknown, findLine: FindTomlLine, add: Add): ConfigTables["metadata"] {
  if (value === undefined) return {};
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    add(findLine(["metadata"]), "metadata must be a table", 'write [metadata] and below it instance = "nas"');
    return {};
  }
  const pairs = Object.entries(value);
  if (pairs.length > maxMetadata) {
    add(findLine(["metadata"]), `metadata has ${pairs.length} keys; at most ${maxMetadata} are taken`, null);
  }
  for (const [name, content] of pairs) {
    const line = findLine(["metadata", name]);
    if (ownMetadata.includes(name)) add(line, `metadata.${name} is what events say by themselves`, "use another name");
    else if (typeof content !== "string" || content.length > maxMetadataCharacters) {
      add(line, `metadata.${name} must be a text of at most ${maxMetadataCharacters} characters`, null);
    }
  }
  return value as ConfigTables["metadata"];
}

function readVars(value: unknown, findLine: FindTomlLine, add: Add): ConfigTables["vars"] {
  if (value === undefined) return {};
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    add(findLine(["vars"]), "vars must be a table", 'write [vars] and below it registry = "registry.lan:5000"');
    return {};
  }
  const noJson = Object.entries(value).find(([, content]) => hasNoJson(content));
  if (noJson !== undefined) {
    add(findLine(["vars", noJson[0]]), `vars.${noJson[0]} holds a number that is none: inf or nan`, "write a text");
  }
  // Dates become texts, as scripts see them.
  return JSON.parse(JSON.stringify(value)) as ConfigTables["vars"];
}

function hasNoJson(value: unknown): boolean {
  return typeof value === "object" && value !== null ? Object.values(value).some(hasNoJson) : isNoJson(value);
}

function isNoJson(value: unknown): boolean {
  return typeof value === "number" && !Number.isFinite(value);
}
