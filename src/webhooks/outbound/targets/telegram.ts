// Telegram: https://core.telegram.org/bots/api#sendmessage

import { fitCharacters, joinLines, oneLine } from "./fit-text.ts";
import { below, defineTarget, fieldOf, jsonRequest } from "./target-type.ts";

const maxCharacters = 4096;
const maxTitleCharacters = 250;

export const telegram = defineTarget({
  fields: {
    token: { kind: "secret", required: true },
    chat: { kind: "text", required: true },
    thread: { kind: "whole", range: [1, Number.MAX_SAFE_INTEGER] },
    api_url: { kind: "url", default: "https://api.telegram.org" },
  },
  // https://core.telegram.org/bots/faq#my-bot-is-hitting-limits-how-do-i-avoid-this: 20 a minute and group.
  ratePerMinute: 20,
  prepare: ({ token, chat, thread, api_url: apiUrl }, { title, message, level, link }) => {
    const head = fitCharacters(oneLine(title), maxTitleCharacters);
    const room = maxCharacters - joinLines(head, link).length - 2;
    return jsonRequest(below(apiUrl, `/bot${token}/sendMessage`), {
      chat_id: chat,
      ...(thread === undefined ? {} : { message_thread_id: thread }),
      // Without parse_mode nothing in it is markup.
      text: joinLines(head, fitCharacters(message, Math.max(room, 1)), link),
      link_preview_options: { is_disabled: true },
      disable_notification: level === "info" || level === "success",
    });
  },
  // https://core.telegram.org/bots/api#making-requests
  readAnswer: (answer) => {
    if (fieldOf(answer, "ok") !== false) return {};
    const description = fieldOf(answer, "description");
    const seconds = fieldOf(fieldOf(answer, "parameters"), "retry_after");
    return {
      refusal: `Telegram refused the message: ${typeof description === "string" ? description : "no reason given"}`,
      ...(typeof seconds === "number" ? { retryAfterSeconds: seconds } : {}),
    };
  },
});
