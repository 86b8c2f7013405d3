// Gotify: https://gotify.net/docs/pushmsg and https://gotify.net/docs/msgextras

import { fitCharacters, oneLine } from "./fit-text.ts";
import type { NotificationLevel } from "../../../core/notification.ts";
import { below, defineTarget, jsonRequest } from "./target-type.ts";

/** Gotify itself has no limit; its clients show this much at once. */
const maxMessageCharacters = 20_000;
const maxTitleCharacters = 250;

/** From 4 on its clients make a sound, from 8 on they pop up. */
const priorities: Readonly<Record<NotificationLevel, number>> = { info: 4, success: 4, warning: 6, error: 8 };

export const gotify = defineTarget({
  fields: {
    url: { kind: "url", required: true },
    token: { kind: "secret", required: true },
    priority: { kind: "whole", range: [0, 10] },
  },
  prepare: ({ url, token, priority }, { title, message, level, link }) => {
    const body = {
      title: fitCharacters(oneLine(title), maxTitleCharacters),
      message: fitCharacters(message, maxMessageCharacters),
      priority: priority ?? priorities[level],
      extras: {
        // Not as Markdown: a picture in it would be fetched by whoever reads it.
        "client::display": { contentType: "text/plain" },
        ...(link === null ? {} : { "client::notification": { click: { url: link } } }),
      },
    };
    return jsonRequest(below(url, "/message"), body, { "x-gotify-key": token });
  },
});
