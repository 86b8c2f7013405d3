// Discord: https://docs.discord.com/developers/resources/webhook#execute-webhook

import { fitCharacters, joinLines, oneLine } from "./fit-text.ts";
import { defineTarget, fieldOf, jsonRequest } from "./target-type.ts";

const maxCharacters = 2000;
const maxTitleCharacters = 250;
/** No preview below the message. */
const suppressEmbeds = 4;

/** What is Markdown to Discord, shown as it is. */
function escapeMarkdown(text: string): string {
  return text.replaceAll(/[\\*_~`|>#[\]()-]/g, String.raw`\$&`);
}

export const discord = defineTarget({
  fields: {
    // Whoever knows it can write there.
    url: { kind: "url", required: true, isMasked: true },
    username: { kind: "text" },
    thread: { kind: "text" },
  },
  // https://docs.discord.com/developers/topics/rate-limits; of webhooks 30 a minute are known to pass.
  ratePerMinute: 30,
  prepare: ({ url, username, thread }, { title, message, link }) => {
    const head = oneLine(title);
    const bold = head === "" ? null : `**${escapeMarkdown(fitCharacters(head, maxTitleCharacters))}**`;
    const room = maxCharacters - joinLines(bold, link).length - 2;
    const target = new URL(url);
    // Else the answer comes before Discord knows whether it takes the message.
    target.searchParams.set("wait", "true");
    if (thread !== undefined) target.searchParams.set("thread_id", thread);
    return jsonRequest(target.href, {
      content: joinLines(bold, fitCharacters(message, Math.max(room, 1)), link),
      ...(username === undefined ? {} : { username }),
      // Text from outside must not call everyone.
      allowed_mentions: { parse: [] },
      flags: suppressEmbeds,
    });
  },
  readAnswer: (answer) => {
    const seconds = fieldOf(answer, "retry_after");
    return typeof seconds === "number" ? { retryAfterSeconds: seconds } : {};
  },
});
