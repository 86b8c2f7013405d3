// A plain webhook: the notification and its event as JSON, or the message alone as text.

import { joinLines } from "./fit-text.ts";
import { defineTarget, jsonRequest } from "./target-type.ts";

export const plainWebhook = defineTarget({
  fields: {
    // Many are all that whoever writes there has to know.
    url: { kind: "url", required: true, isMasked: true },
    method: { kind: "text", default: "POST", choices: ["POST", "PUT"] },
    headers: { kind: "headers" },
    format: { kind: "text", default: "json", choices: ["json", "text"] },
  },
  prepare: ({ url, method, headers = {}, format }, { title, message, level, link, event }) => {
    if (format === "json") return jsonRequest(url, { title, message, level, link, event }, headers, method);
    const type = { "content-type": "text/plain; charset=utf-8" };
    const body = new TextEncoder().encode(joinLines(title, message, link));
    return { url, method, headers: { ...type, ...headers }, body };
  },
});
