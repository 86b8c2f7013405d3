// An event as a line for people: when, what, where, and what its data tells.

import { formatDuration } from "../core/duration.ts";
import type { EventJson } from "../core/event-json.ts";
import { isRecord } from "./api-answer.ts";
import { formatMoment } from "./moment.ts";
import { printable } from "./printable.ts";
import type { Colour, OutputStream } from "./terminal.ts";

const maxDetails = 300;

const colours: readonly (readonly [RegExp, Colour])[] = [
  [/\.(?:failed|broken|escalated|denied|timeout|disabled)$/, "red"],
  [/\.(?:completed|recovered|resolved|granted|loaded)$/, "green"],
  [/\.(?:paused|required|occurred|failing|cancelled|skipped)$/, "yellow"],
];

export function formatEvent({ type, created_at: at, data, metadata }: EventJson, out: OutputStream): string {
  const colour = colours.find(([pattern]) => pattern.test(type))?.[1];
  const shownType = printable(type).padEnd(19);
  const parts = [
    out.paint("dim", formatMoment(new Date(at))),
    colour === undefined ? shownType : out.paint(colour, shownType),
    textOf(metadata["pipeline"]) || textOf(data["pipeline"]) || "-",
    textOf(metadata["run_id"]) || "-",
    describeData(data),
  ];
  return parts.filter((part) => part !== "").join("  ");
}

type Data = EventJson["data"];

/** What people look for; of what is not known, all. */
function describeData(data: Data): string {
  const { error, reason } = data;
  const waits = Array.isArray(data["waits_for"]) ? (data["waits_for"] as readonly Data[]) : [];
  const [problem] = Array.isArray(data["problems"]) ? (data["problems"] as readonly Data[]) : [];
  const parts = [
    data["sample"] === true && "(sample)",
    data["endpoint_id"],
    data["target"],
    data["name"],
    data["file"],
    data["trigger"] !== undefined && data["duration_ms"] === undefined && data["error"] === undefined
      ? data["trigger"]
      : undefined,
    waits.length > 0 && `waits for ${waits.map(({ kind, name }) => `${textOf(kind)} ${textOf(name)}`).join(", ")}`,
    reason ?? (isRecord(error) ? `${textOf(error["code"])}: ${textOf(error["message"])}` : error),
    problem === undefined ? data["message"] : describeProblem(problem),
    typeof data["duration_ms"] === "number" && formatDuration(data["duration_ms"]),
  ];
  const told = parts.filter((part): part is string => typeof part === "string" && part !== "").map(printable);
  const text = told.length > 0 ? told.join("  ") : printable(JSON.stringify(data));
  return text.length <= maxDetails ? text : `${text.slice(0, maxDetails - 1)}…`;
}

function describeProblem({ line, message }: Data): string {
  return `${typeof line === "number" ? `line ${line}: ` : ""}${textOf(message)}`;
}

function textOf(value: unknown): string {
  return typeof value === "string" ? printable(value) : "";
}
