// An event that is of no run, as the server itself tells it.

import { randomBytes } from "node:crypto";
import { type EventData, eventId, type NewEvent } from "../../core/event.ts";
import type { Problem } from "../../pipelines/pipelines.ts";

export function newEvent(
  type: NewEvent["type"],
  createdAt: number,
  pipeline: string | null,
  data: EventData,
): NewEvent {
  return { id: eventId(createdAt, randomBytes(8)), type, createdAt, runId: null, pipeline, target: null, data };
}

/** An event stays small. */
const shownProblems = 5;
const shownCharacters = 2000;

export function problemsToData(problems: readonly Problem[]): EventData[string] {
  return problems.slice(0, shownProblems).map(({ severity, file, line, column, message }) => ({
    severity,
    file,
    line,
    column,
    message: cutText(message),
  }));
}

export function cutText(text: string): string {
  return text.slice(0, shownCharacters);
}
