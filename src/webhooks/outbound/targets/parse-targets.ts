// The tables `[targets.NAME]` of runner.toml as targets, or every problem they have.

import { didYouMean } from "../../../core/did-you-mean.ts";
import { isHeaderName, isHeaderValue, isHopByHop } from "../../../core/header-field.ts";
import { isTargetName } from "../../../core/notification.ts";
import { parseOutboundUrl } from "../outbound-url.ts";
import type { Target } from "./target.ts";
import { targetTypes, type TargetTypeName } from "./target-table.ts";
import type { FieldSpec, TargetType, TargetValue } from "./target-type.ts";

export interface TargetProblem {
  /** From the name of the target down: ["ops", "url"]. */
  readonly path: readonly string[];
  readonly message: string;
  readonly hint: string | null;
}

export interface ParsedTargets {
  readonly targets: readonly Target[];
  readonly problems: readonly TargetProblem[];
}

/** What is wrong with the holes of a text; null where nothing is. */
type CheckTemplate = (template: string) => string | null;

type Add = (path: readonly string[], message: string, hint?: string) => void;
type Table = Readonly<Record<string, unknown>>;

const maxTargets = 100;
const maxTextCharacters = 10_000;
/** Fields that every target has. */
const ownFields = ["type", "title", "message"];
const typeNames = Object.keys(targetTypes) as TargetTypeName[];
const overridden = new Set(["host", "accept-encoding"]);
const reference = /^(?:env|file|secret):/;

export function parseTargets(tables: unknown, checkTemplate: CheckTemplate = () => null): ParsedTargets {
  const problems: TargetProblem[] = [];
  const add: Add = (path, message, hint) => problems.push({ path, message, hint: hint ?? null });
  if (tables === undefined) return { targets: [], problems };
  if (!isTable(tables)) {
    add([], "targets are tables", 'write [targets.ops] and below it type = "ntfy"');
    return { targets: [], problems };
  }
  const entries = Object.entries(tables);
  if (entries.length > maxTargets) add([], `there are ${entries.length} targets; at most ${maxTargets} are taken`);
  const targets = entries.flatMap(([name, table]) => parseTarget(name, table, checkTemplate, add) ?? []);
  return { targets: problems.length > 0 ? [] : targets, problems };
}

function parseTarget(name: string, table: unknown, checkTemplate: CheckTemplate, add: Add): Target | undefined {
  const at = (field: string): readonly string[] => [name, field];
  if (!isTargetName(name)) {
    add(
      [name],
      "is no name of a target",
      "begin with a letter, not with ep_; then letters, digits, _ and -, at most 64",
    );
  }
  if (!isTable(table)) {
    add([name], "a target is a table", `write [targets.${name}] and below it type = "ntfy"`);
    return undefined;
  }
  const type = typeNames.find((each) => each === table["type"]);
  if (type === undefined) {
    const near = typeof table["type"] === "string" ? didYouMean(table["type"], typeNames) : undefined;
    const found = table["type"] === undefined ? "is missing" : `${JSON.stringify(table["type"])} is unknown`;
    add(at("type"), `type ${found}`, near ? `did you mean "${near}"?` : `known are ${typeNames.join(", ")}`);
    return undefined;
  }
  const definition: TargetType = targetTypes[type];
  const known = [...ownFields, ...Object.keys(definition.fields)];
  for (const field of Object.keys(table).filter((each) => !known.includes(each))) {
    const near = didYouMean(field, known);
    add(at(field), `${field} is unknown`, near ? `did you mean ${near}?` : `${type} knows ${known.join(", ")}`);
  }
  const values = readValues(name, definition, table, add);
  const texts = Object.fromEntries(
    ["title", "message"].flatMap((field) => {
      const text = readTemplate(at(field), field, table[field], checkTemplate, add);
      return text === undefined ? [] : [[field, text]];
    }),
  );
  return { name, type, values, ...texts };
}

function readValues(
  name: string,
  { fields, findProblem }: TargetType,
  table: Table,
  add: Add,
): Readonly<Record<string, TargetValue>> {
  const values: Record<string, TargetValue> = {};
  for (const [field, spec] of Object.entries(fields)) {
    const given = table[field] ?? spec.default;
    if (given === undefined) {
      if (spec.required) add([name, field], `${field} is missing`);
      continue;
    }
    const problem = problemOf(spec, given);
    if (problem === null)
      values[field] = typeof given === "number" ? numberOrText(spec, given) : listOrValue(spec, given);
    else add([name, field], `${field} ${problem.message}`, problem.hint);
  }
  const together = findProblem(new Set(Object.keys(table)));
  if (together !== null) add([name, together.field], `${together.field} ${together.message}`);
  return values;
}

interface ValueProblem {
  readonly message: string;
  readonly hint?: string;
}

/** Never with the value of what may be a secret. */
function problemOf({ kind, choices, range }: FieldSpec, value: unknown): ValueProblem | null {
  switch (kind) {
    case "text":
      // An id may look like a number.
      if (Number.isSafeInteger(value)) return null;
      if (typeof value !== "string") return { message: "must be a text" };
      if (choices !== undefined && !choices.includes(value)) {
        return { message: `cannot be ${JSON.stringify(value.slice(0, 80))}`, hint: `known are ${choices.join(", ")}` };
      }
      return textProblem(value);
    case "secret":
      return typeof value === "string" ? textProblem(value) : { message: "must be a text" };
    case "url":
      return typeof value === "string" ? urlProblem(value) : { message: "must be an address of http or https" };
    case "whole": {
      const [least, most] = range ?? [0, Number.MAX_SAFE_INTEGER];
      if (typeof value === "number" && Number.isInteger(value) && value >= least && value <= most) return null;
      return { message: `must be a whole number from ${least} to ${most}` };
    }
    case "list": {
      const list: readonly unknown[] = Array.isArray(value) ? value : [value];
      const isList = list.length > 0 && list.every((each) => typeof each === "string" && textProblem(each) === null);
      return isList ? null : { message: "must be a text or a list of texts, each in one line" };
    }
    case "headers":
      return headersProblem(value);
  }
}

function textProblem(text: string): ValueProblem | null {
  if (text.trim() === "") return { message: "is empty" };
  return text.length > maxTextCharacters ? { message: `has over ${maxTextCharacters} characters` } : null;
}

function urlProblem(text: string): ValueProblem | null {
  if (reference.test(text)) return textProblem(text);
  const { username, password } = URL.parse(text) ?? { username: "", password: "" };
  if (username !== "" || password !== "") {
    return { message: "has a user or a password in it", hint: "use the fields that are for them" };
  }
  // Judged as it will be when something is sent there.
  const url = parseOutboundUrl(text);
  if (!("problem" in url)) return null;
  return { message: url.problem, hint: 'write it like "https://nas.example/hook", or where it is kept: "env:NAME"' };
}

function headersProblem(value: unknown): ValueProblem | null {
  if (!isTable(value)) return { message: 'must be a table, as { Authorization = "env:NAME" }' };
  for (const [header, text] of Object.entries(value)) {
    const shown = JSON.stringify(header.slice(0, 80));
    if (!isHeaderName(header)) return { message: `has ${shown}, which is no name of a header` };
    if (isHopByHop(header)) return { message: `has ${shown}, which belongs to the connection` };
    if (overridden.has(header.toLowerCase())) return { message: `has ${shown}, which is set by the server` };
    if (typeof text !== "string" || !isHeaderValue(text)) {
      return { message: `has ${shown} with a value that cannot be sent: a line break, or no text` };
    }
  }
  return null;
}

function readTemplate(
  path: readonly string[],
  field: string,
  value: unknown,
  checkTemplate: CheckTemplate,
  add: Add,
): string | undefined {
  if (value === undefined) return undefined;
  if (typeof value !== "string" || value.trim() === "" || value.length > maxTextCharacters) {
    add(path, `${field} must be a text of 1 to ${maxTextCharacters} characters`);
    return undefined;
  }
  const problem = checkTemplate(value);
  if (problem !== null) add(path, `${field} cannot be filled: ${problem}`);
  return value;
}

function numberOrText({ kind }: FieldSpec, value: number): TargetValue {
  return kind === "text" ? String(value) : value;
}

/** Only for what `problemOf` finds nothing wrong with. */
function listOrValue({ kind }: FieldSpec, value: unknown): TargetValue {
  if (kind === "list" && typeof value === "string") return [value];
  return value as TargetValue;
}

function isTable(value: unknown): value is Table {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !(value instanceof Date);
}
