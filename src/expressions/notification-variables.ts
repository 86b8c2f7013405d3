// What the holes of a target's texts can ask about: the usual words of the notification, and its event.

import type { EventJson } from "../core/event-json.ts";

export interface NotificationVariables extends EventJson {
  readonly title: string;
  readonly message: string;
  readonly level: string;
  readonly link: string | null;
}

export const notificationVariableNames = [
  "title",
  "message",
  "level",
  "link",
  "id",
  "type",
  "created_at",
  "data",
  "metadata",
] as const satisfies readonly (keyof NotificationVariables)[];
