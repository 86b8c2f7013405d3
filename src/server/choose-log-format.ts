// Which form of a log a client wants: ?format= wins over Accept, text is the default.

import { createNdjsonFormat, createSseFormat, createTextFormat, type LogFormat } from "./log-format.ts";
import { readChoice } from "./read-query.ts";

const formats = { text: createTextFormat, ndjson: createNdjsonFormat, sse: createSseFormat } as const;

export const logFormatNames = Object.keys(formats) as readonly (keyof typeof formats)[];

/** @throws {AppError} VALIDATION_FAILED when `?format=` is none of them. */
export function chooseLogFormat(query: Readonly<Record<string, string>>, accept: string | null): LogFormat {
  const asked = readChoice(query, "format", logFormatNames);
  if (asked) return formats[asked]();
  if (acceptsEvents(accept)) return createSseFormat();
  return /\bapplication\/(?:x-)?ndjson\b/i.test(accept ?? "") ? createNdjsonFormat() : createTextFormat();
}

/** True where a client names server-sent events: any type does not ask for a stream. */
export function acceptsEvents(accept: string | null): boolean {
  return /\btext\/event-stream\b/i.test(accept ?? "");
}
