// Whatever a script throws, as texts.

import { formatValue } from "./format-value.ts";

export interface ThrownTexts {
  readonly name: string;
  readonly message: string;
  readonly code: string | null;
  readonly hint: string | null;
  readonly stack: string;
}

/** Never throws itself. */
export function describeThrown(thrown: unknown): ThrownTexts {
  try {
    if (thrown instanceof Error) {
      const { code, hint } = thrown as { code?: unknown; hint?: unknown };
      return {
        name: String(thrown.name),
        message: String(thrown.message),
        code: typeof code === "string" ? code : null,
        hint: typeof hint === "string" ? hint : null,
        stack: String(thrown.stack ?? ""),
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
