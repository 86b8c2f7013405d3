// The words of events: what has happened to runs, steps, approvals, pipelines and endpoints, and what scripts announce.

import type { JsonValue } from "./json.ts";

/** Events that this program makes by itself; scripts add any of their own. */
export const builtInEventTypes = [
  "run.created",
  "run.started",
  "run.paused",
  "run.resumed",
  "run.completed",
  "run.failed",
  "run.cancelled",
  "run.skipped",
  "run.step.started",
  "run.step.completed",
  "run.step.failed",
  "approval.required",
  "approval.granted",
  "approval.denied",
  "approval.timeout",
  "error.occurred",
  "error.recovered",
  "error.escalated",
  "error.resolved",
  "validation.started",
  "validation.completed",
  "validation.failed",
  "pipeline.loaded",
  "pipeline.broken",
  "endpoint.failing",
  "endpoint.disabled",
  "notification.requested",
] as const;

export type EventData = Readonly<Record<string, JsonValue | undefined>>;

/** An event as it is made. */
export interface NewEvent {
  /** `evt_` and hexadecimal digits, as {@link eventId} makes them. */
  readonly id: string;
  /** Words with dots between them. */
  readonly type: string;
  /** Milliseconds since the Unix epoch. */
  readonly createdAt: number;
  /** The run that it is of; null: of none. */
  readonly runId: string | null;
  readonly pipeline: string | null;
  /** The target that it is addressed to; null: it is for whoever subscribes. */
  readonly target: string | null;
  readonly data: EventData;
}

/** An event as it is on record. */
export interface EventRecord extends NewEvent {
  /** Its place among all events, in the order they were recorded. */
  readonly seq: number;
  /** Its place among those of its run, from 1; null where it is of none. */
  readonly sequence: number | null;
}

/** An id of 12 digits of time and 16 of chance, like those the store makes: ids in order of time keep an index small. */
export function eventId(createdAt: number, randomBytes: Uint8Array): string {
  return `evt_${createdAt.toString(16).padStart(12, "0")}${Buffer.from(randomBytes.subarray(0, 8)).toString("hex")}`;
}

const typePattern = /^[a-z][a-z0-9_-]*(?:\.[a-z0-9_-]+)+$/i;
export const longestEventType = 128;

/** `migration.phase.completed`: at least two words. */
export function isEventType(type: string): boolean {
  return type.length <= longestEventType && typePattern.test(type);
}

/** Of what a script announces, as JSON. */
export const maxEventDataBytes = 64 * 1024;

/** Why a script cannot announce this type; null where it can. */
export function checkEventType(type: string): string | null {
  if (!isEventType(type)) {
    const shown = JSON.stringify(type.slice(0, 80));
    return `${shown} must be words with dots between them, as "deploy.done", of at most ${longestEventType} characters`;
  }
  // Whoever is told that a run has failed has to be able to believe it.
  return builtInEventTypes.some((each) => each === type) ? `${type} is told by runner itself` : null;
}
