// ntfy: https://docs.ntfy.sh/publish/#publish-as-json

import type { JsonValue } from "../../../core/json.ts";
import { fitBytes, fitCharacters, fitMeasured, oneLine } from "./fit-text.ts";
import type { NotificationLevel } from "../../../core/notification.ts";
import { defineTarget, jsonRequest } from "./target-type.ts";

/** A longer message becomes an attachment, and JSON is read up to twice as much: https://docs.ntfy.sh/publish/#limitations */
const maxMessageBytes = 4096;
const maxJsonBytes = 2 * maxMessageBytes;
const maxTitleCharacters = 250;

/** From 1 (min) to 5 (max): https://docs.ntfy.sh/publish/#message-priority */
const priorities: Readonly<Record<NotificationLevel, number>> = { info: 3, success: 3, warning: 4, error: 4 };
/** Short codes that are shown as emoji: https://docs.ntfy.sh/emojis/ */
const tags: Readonly<Record<NotificationLevel, readonly string[]>> = {
  info: [],
  success: ["white_check_mark"],
  warning: ["warning"],
  error: ["rotating_light"],
};

export const ntfy = defineTarget({
  fields: {
    url: { kind: "url", default: "https://ntfy.sh" },
    // Whoever knows it can read and write it.
    topic: { kind: "secret", required: true },
    token: { kind: "secret" },
    user: { kind: "secret", isMasked: false },
    password: { kind: "secret" },
    priority: { kind: "whole", range: [1, 5] },
  },
  findProblem: (given) => {
    if (given.has("token") && given.has("password")) {
      return { field: "token", message: "and a password are two ways to log in: write one of them" };
    }
    if (given.has("user") === given.has("password")) return null;
    return given.has("user")
      ? { field: "user", message: "needs a password" }
      : { field: "password", message: "needs a user" };
  },
  prepare: ({ url, topic, token, user, password, priority }, { title, message, level, link }) => {
    const basic = Buffer.from(`${user}:${password}`).toString("base64");
    const authorization = token === undefined ? (user === undefined ? null : `Basic ${basic}`) : `Bearer ${token}`;
    const toBody = (text: string): JsonValue => ({
      topic,
      title: fitCharacters(oneLine(title), maxTitleCharacters),
      message: text,
      priority: priority ?? priorities[level],
      tags: tags[level],
      ...(link === null ? {} : { click: link }),
    });
    const measure = (text: string): number => Buffer.byteLength(JSON.stringify(toBody(text)));
    const body = toBody(fitMeasured(fitBytes(message, maxMessageBytes), measure, maxJsonBytes));
    return jsonRequest(url, body, authorization === null ? {} : { authorization });
  },
});
