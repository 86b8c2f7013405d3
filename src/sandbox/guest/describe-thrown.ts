// Whatever a script throws, as texts.

import { formatValue } from "./format-value.ts";

export interface ThrownTexts {
  readonly name: string;
  readonly message: string;
  readonly code: string | null;
  readonly hint: string | null;
  readonly stack: string;
  /** Of scripts that were made from another file, and know which line of that it is about. */
  readonly position?: unknown;
}

/** Never throws itself. */
export function describeThrown(thrown: unknown): ThrownTexts {
  try {
    if (thrown instanceof Error) {
      const { code, hint, position } = thrown as { code?: unknown; hint?: unknown; position?: unknown };
      return {
        name: String(thrown.name),
        message: String(thrown.message),
        code: typeof code === "string" ? code : null,
        hint: typeof hint === "string" ? hint : null,
        stack: String(thrown.stack ?? ""),
        ...(position === undefined ? {} : { position }),
      };
    }
    const text = formatValue(thrown);
    const message =
      thrown === null || thrown === undefined ? `${text} was thrown` : `the ${typeof thrown} ${text} was thrown`;
    return { name: "", message, code: null, hint: null, stack: "" };
  } catch {
    return { name: "", message: "a value that cannot be shown was thrown", code: null, hint: null, stack: "" };
  }
}
