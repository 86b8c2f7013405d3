// The `source` of a built-in resource: every field that is unknown, missing or of the wrong kind. The fields are those of
// Concourse's git-resource, time-resource and mock-resource.

import { describeValue, type FieldProblems } from "../../../../core/field-problem.ts";
import { AppError } from "../../../../core/app-error.ts";
import type { JsonValue } from "../../../../core/json.ts";
import type { JsonObject, ResourceTypeName } from "../../plan.ts";
import { timeCheck } from "../../time-check.ts";
import { checkGitBranch, checkGitUri, checkInterval } from "./check-git-text.ts";
import { checkGitConfigName } from "./git-config.ts";

type Kind = "text" | "flag" | "texts" | "object" | "list" | "any";
type Check = (text: string) => string | null;

interface SourceFields {
  readonly known: Readonly<Record<string, Kind>>;
  /** Of the original, known and refused. */
  readonly refused: readonly string[];
  readonly checks: Readonly<Record<string, Check>>;
}

const git: SourceFields = {
  known: {
    uri: "text",
    branch: "text",
    private_key: "text",
    username: "text",
    password: "text",
    paths: "texts",
    ignore_paths: "texts",
    tag_filter: "text",
    tag_regex: "text",
    fetch_tags: "flag",
    git_config: "list",
    skip_ssl_verification: "flag",
    disable_ci_skip: "flag",
  },
  refused: [
    "forward_agent",
    "commit_verification_keys",
    "commit_verification_key_ids",
    "gpg_keyserver",
    "git_crypt_key",
    "git_crypt_gpg_key",
    "https_tunnel",
    "commit_filter",
    "private_key_user",
    "private_key_passphrase",
    "submodule_credentials",
    "sparse_paths",
    "tag_behaviour",
    "version_depth",
    "search_remote_refs",
  ],
  checks: { uri: checkGitUri, branch: checkGitBranch },
};

const time: SourceFields = {
  known: { interval: "text", start: "any", stop: "any", location: "text", days: "texts", initial_version: "flag" },
  refused: ["start_after", "cron"],
  checks: { interval: checkInterval },
};

const mock: SourceFields = {
  known: {
    initial_version: "any",
    no_initial_version: "flag",
    force_version: "any",
    create_files: "object",
    metadata: "list",
    check_delay: "text",
    check_failure: "text",
    log: "text",
  },
  refused: ["mirror_self"],
  checks: {},
};

/** What does the same here. */
const instead: Readonly<Record<string, string>> = {
  "time.cron": 'give the pipeline a schedule instead: config: { schedule: "0 3 * * *" }',
};

const fieldsOf: Readonly<Record<ResourceTypeName, SourceFields>> = { git, time, mock };
const kindNames = {
  text: "a text",
  flag: "true or false",
  texts: "a list of texts",
  object: "an object",
  list: "a list",
};

/** What is wrong goes into `problems`, each with its path below `path`. A text with `((vars))` is taken as it is. */
export function checkSource(path: string, type: ResourceTypeName, source: JsonObject, problems: FieldProblems): void {
  const { known, refused, checks } = fieldsOf[type];
  for (const name of refused.filter((each) => each in source)) {
    problems.add(`${path}.${name}`, "is not supported", instead[`${type}.${name}`] ?? "remove it");
  }
  problems.refuseUnknown(path, source, [...Object.keys(known), ...refused], []);
  for (const [name, kind] of Object.entries(known)) {
    const value = source[name];
    if (value !== undefined) checkField(`${path}.${name}`, kind, value, checks[name], problems);
  }
  checkTogether(path, type, source, problems);
}

function checkField(
  field: string,
  kind: Kind,
  value: unknown,
  check: Check | undefined,
  problems: FieldProblems,
): void {
  if (kind === "any" || (typeof value === "string" && value.includes("(("))) return;
  if (!isOfKind(kind, value)) {
    problems.add(field, `must be ${kindNames[kind]}, not ${describeValue(value)}`);
    return;
  }
  const wrong = typeof value === "string" ? check?.(value) : undefined;
  if (wrong) problems.add(field, `${wrong}: ${describeValue(value)}`);
}

function isOfKind(kind: Exclude<Kind, "any">, value: unknown): boolean {
  if (kind === "text") return typeof value === "string";
  if (kind === "flag") return typeof value === "boolean";
  if (kind === "object") return typeof value === "object" && value !== null && !Array.isArray(value);
  return Array.isArray(value) && (kind === "list" || value.every((each) => typeof each === "string"));
}

function checkTogether(path: string, type: ResourceTypeName, source: JsonObject, problems: FieldProblems): void {
  if (type === "git" && source["uri"] === undefined) problems.add(`${path}.uri`, "is missing", "write uri: https://…");
  if (type === "git") checkGitConfig(`${path}.git_config`, source["git_config"] ?? [], problems);
  if (type !== "time") return;
  for (const name of ["start", "stop", "days", "location"]) checkTimeField(path, name, source[name], problems);
  const { start, stop } = source;
  if ((start === undefined) !== (stop === undefined)) {
    const missing = start === undefined ? "start" : "stop";
    problems.add(`${path}.${missing}`, "is missing: start and stop belong together");
  }
}

function checkGitConfig(path: string, list: JsonValue, problems: FieldProblems): void {
  if (!Array.isArray(list)) return;
  for (const [index, each] of (list as readonly JsonValue[]).entries()) {
    const name = typeof each === "object" && each !== null && "name" in each ? each["name"] : undefined;
    if (typeof name !== "string") problems.add(`${path}[${index}]`, "is no setting", "write name: and value:");
    else if (!name.includes("((")) {
      const wrong = checkGitConfigName(name);
      if (wrong !== null) problems.add(`${path}[${index}].name`, `${wrong}: ${describeValue(name)}`);
    }
  }
}

function checkTimeField(path: string, name: string, value: JsonValue | undefined, problems: FieldProblems): void {
  if (value === undefined || JSON.stringify(value).includes("((")) return;
  try {
    timeCheck({ [name]: value }, null, 0);
  } catch (thrown) {
    const hint = thrown instanceof AppError ? thrown.hint : null;
    problems.add(`${path}.${name}`, `is not valid: ${describeValue(value)}`, hint ?? null);
  }
}
