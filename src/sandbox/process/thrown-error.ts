// What left a script as an error, in texts alone.

import type { ThrownError } from "../protocol.ts";

/** A script can tamper with what describes its errors: whatever came is made texts again. */
export function textsOf(error: Partial<Record<keyof ThrownError, unknown>> | undefined): ThrownError {
  const { name = "", message = "unknown", code, hint, stack = "", position } = error ?? {};
  const optional = (value: unknown): string | null => (typeof value === "string" ? value : null);
  return {
    name: String(name),
    message: String(message),
    code: optional(code),
    hint: optional(hint),
    stack: String(stack),
    ...positionOf(position),
  };
}

const maxFileLength = 500;

function positionOf(value: unknown): Pick<ThrownError, "position"> {
  const { file, line } = (typeof value === "object" && value !== null ? value : {}) as Record<string, unknown>;
  if (typeof file !== "string" || file.length > maxFileLength || !Number.isSafeInteger(line)) return {};
  return { position: { file, line: Number(line) } };
}
