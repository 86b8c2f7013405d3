// Where two values of JSON differ, as few places as one wants to read.

import type { JsonValue } from "../../core/json.ts";

export interface ChangedField {
  /** As `command.args[0]`; empty: the value itself. */
  readonly field: string;
  /** Absent: it is not there. */
  readonly recorded?: JsonValue;
  readonly now?: JsonValue;
}

const maxChanges = 10;

export function compareValues(recorded: JsonValue | undefined, now: JsonValue | undefined): readonly ChangedField[] {
  const changes: ChangedField[] = [];
  compare("", recorded, now, changes);
  return changes;
}

function compare(
  field: string,
  recorded: JsonValue | undefined,
  now: JsonValue | undefined,
  changes: ChangedField[],
): void {
  if (changes.length >= maxChanges || JSON.stringify(recorded) === JSON.stringify(now)) return;
  if (!isContainer(recorded) || !isContainer(now) || Array.isArray(recorded) !== Array.isArray(now)) {
    changes.push({
      field,
      ...(recorded === undefined ? {} : { recorded }),
      ...(now === undefined ? {} : { now }),
    });
    return;
  }
  const isList = Array.isArray(recorded);
  for (const name of new Set([...Object.keys(recorded), ...Object.keys(now)])) {
    const inner = isList ? `${field}[${name}]` : field === "" ? name : `${field}.${name}`;
    compare(inner, Reflect.get(recorded, name) as JsonValue, Reflect.get(now, name) as JsonValue, changes);
  }
}

function isContainer(value: JsonValue | undefined): value is Exclude<JsonValue, string | number | boolean | null> {
  return typeof value === "object" && value !== null;
}
