// Slack: an incoming webhook (https://docs.slack.dev/messaging/sending-messages-using-incoming-webhooks) or a bot
// (https://docs.slack.dev/reference/methods/chat.postMessage).

import { fitCharacters, fitMeasured, joinLines, oneLine } from "./fit-text.ts";
import type { OutgoingNotification } from "./outgoing-notification.ts";
import { below, defineTarget, fieldOf, jsonRequest } from "./target-type.ts";

/** Longer texts are cut: https://docs.slack.dev/changelog/2018-04-truncating-really-long-messages */
const maxCharacters = 40_000;
const maxTitleCharacters = 250;

/** The three that begin links and mentions: https://docs.slack.dev/messaging/formatting-message-text#escaping */
function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function toText({ title, message, link }: OutgoingNotification): string {
  const head = oneLine(title);
  const bold = head === "" ? null : `*${escape(fitCharacters(head, maxTitleCharacters))}*`;
  const target = link === null ? null : `<${escape(link).replaceAll("|", "%7C")}>`;
  const room = maxCharacters - joinLines(bold, target).length - 2;
  // Cut before it is escaped, so that no entity is cut in two.
  return joinLines(bold, escape(fitMeasured(message, (text) => escape(text).length, room)), target);
}

export const slack = defineTarget({
  fields: {
    // Whoever knows it can write there.
    url: { kind: "url", isMasked: true },
    token: { kind: "secret" },
    channel: { kind: "text" },
    api_url: { kind: "url", default: "https://slack.com/api" },
  },
  // https://docs.slack.dev/apis/web-api/rate-limits: one a second and channel.
  ratePerMinute: 60,
  findProblem: (given) => {
    if (given.has("url") === given.has("token")) {
      const message = given.has("url")
        ? "and a token are two ways: write the address of an incoming webhook, or a bot's token with its channel"
        : "is missing: write the address of an incoming webhook, or a bot's token with its channel";
      return { field: "url", message };
    }
    if (given.has("token") === given.has("channel")) return null;
    return given.has("token")
      ? { field: "channel", message: "is missing: a bot needs to know where to write" }
      : { field: "channel", message: "is that of the incoming webhook's address: remove it, or use a bot's token" };
  },
  prepare: ({ url, token, channel, api_url: apiUrl }, notification) => {
    const message = { text: toText(notification), unfurl_links: false, unfurl_media: false };
    if (url !== undefined) return jsonRequest(url, message);
    const headers = { authorization: `Bearer ${token}` };
    return jsonRequest(below(apiUrl, "/chat.postMessage"), { channel: channel ?? "", ...message }, headers);
  },
  // The Web API refuses with status 200: https://docs.slack.dev/apis/web-api/#responses
  readAnswer: (answer) => {
    if (fieldOf(answer, "ok") !== false) return {};
    const error = fieldOf(answer, "error");
    return { refusal: `Slack refused the message: ${typeof error === "string" ? error : "no reason given"}` };
  },
});
