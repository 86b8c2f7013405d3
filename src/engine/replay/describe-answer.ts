// How a host call was answered, in a few words for people.

import type { CallRecord } from "../../core/journal-record.ts";
import type { JsonValue } from "../../core/json.ts";

const maxLength = 60;

type Fields = Readonly<Record<string, JsonValue | undefined>>;

/** Null where it was not. */
export function describeAnswer({ kind, name, args, outcome }: CallRecord): string | null {
  if (outcome === null) return null;
  if (!outcome.ok) return shorten(`${outcome.error.code}: ${outcome.error.message}`);
  const { value } = outcome;
  const fields: Fields = typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
  switch (kind) {
    case "step":
      return fields["code"] === undefined ? "open" : `exit code ${shown(fields["code"])}`;
    case "fetch":
      return `HTTP ${shown(fields["status"])}`;
    case "timer":
      return "the time has come";
    case "clear_timer":
      return `timer ${shown((args as Fields)["call"])} cleared`;
    case "abort":
      return `call ${shown((args as Fields)["call"])} is to end`;
    case "respond":
      return `HTTP ${shown((args as Fields)["status"])}`;
    case "approval":
      return `${fields["approved"] === true ? "approved" : "denied"} by ${shown(fields["by"])}`;
    case "child":
      return fields["status"] === undefined ? "begun" : shown(fields["status"]);
    case "block":
      return "begun";
    case "block_end":
      return shown((args as Fields)["status"]);
    case "event":
      return shown(fields["id"]);
    case "storage":
      return name === "get" || name === "list" ? shown(value) : "done";
    default:
      return value === undefined || value === null ? "done" : shown(value);
  }
}

function shown(value: JsonValue | undefined): string {
  return shorten(value === undefined ? "undefined" : JSON.stringify(value));
}

function shorten(text: string): string {
  const line = text.replaceAll(/\s+/g, " ");
  return line.length <= maxLength ? line : `${line.slice(0, maxLength - 1)}…`;
}
