// An event in words for a person: what a target is sent where its texts are not written by its owner.

import { formatDuration } from "../../../core/duration.ts";
import type { EventRecord } from "../../../core/event.ts";
import type { JsonValue } from "../../../core/json.ts";
import { type Notification, type NotificationLevel, notificationLevels } from "../../../core/notification.ts";
import { fieldOf } from "./target-type.ts";

/** What is said of these; of others their type is. */
const words: Readonly<Record<string, readonly [level: NotificationLevel, what: string]>> = {
  "run.completed": ["success", "succeeded"],
  "run.failed": ["error", "failed"],
  "run.cancelled": ["warning", "was cancelled"],
  "run.skipped": ["info", "was skipped"],
  "approval.required": ["warning", "waits for an approval"],
};

/** @param isRecovery a success after a failure. */
export function notificationOf(event: EventRecord, isRecovery = false): Omit<Notification, "link"> {
  const { type, pipeline, data } = event;
  if (type === "notification.requested") return requested(event);
  const [level, what] = wordsOf(event, isRecovery);
  const title = pipeline === null ? what : `${pipeline} ${what}`;
  const error = fieldOf(data["error"], "message");
  const took = data["duration_ms"];
  const lines = [
    textOf(error) ?? textOf(data["message"]),
    typeof took === "number" ? `after ${formatDuration(took)}` : null,
    event.runId === null ? null : `run ${event.runId}`,
  ].filter((line) => line !== null);
  return { title, message: lines.length === 0 ? title : lines.join("\n"), level };
}

/** Written by a script. */
function requested({ data }: EventRecord): Omit<Notification, "link"> {
  return {
    title: textOf(data["title"]) ?? "",
    message: textOf(data["message"]) ?? "",
    level: notificationLevels.find((level) => level === data["level"]) ?? "info",
  };
}

function wordsOf({ type, data }: EventRecord, isRecovery: boolean): readonly [NotificationLevel, string] {
  if (type === "run.completed" && isRecovery) return ["success", "succeeded again"];
  if (type === "run.failed" && data["status"] === "timed_out") return ["error", "was over its time"];
  const known = words[type];
  if (type === "approval.required" && known !== undefined) {
    const name = textOf(data["name"]);
    return name === null ? known : [known[0], `waits for the approval ${name}`];
  }
  return known ?? [/failed|broken|escalated|disabled/.test(type) ? "error" : "info", type];
}

function textOf(value: JsonValue | undefined): string | null {
  return typeof value === "string" && value !== "" ? value : null;
}
