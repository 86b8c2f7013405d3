// The provider's own name for what happened.

import type { EventTypeSource } from "./provider.ts";

/** The event type; empty where the request has none. A body that is not JSON, or not UTF-8, has none. */
export function readEventType(
  source: EventTypeSource,
  headers: Readonly<Record<string, string>>,
  body: Uint8Array,
): string {
  switch (source.from) {
    case "header":
      return headers[source.header] ?? "";
    case "json_field":
      return readTextField(body, source.field);
    case "nowhere":
      return "";
  }
}

function readTextField(body: Uint8Array, field: string): string {
  // Form bodies are common where JSON is possible; throwing on each of them would cost more than this look.
  if (body.find((byte) => byte > 0x20) !== 0x7b) return "";
  try {
    const value: unknown = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
    if (typeof value !== "object" || value === null) return "";
    const text = (value as Record<string, unknown>)[field];
    return typeof text === "string" ? text : "";
  } catch {
    return "";
  }
}
