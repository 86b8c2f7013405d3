// The request or the mail that a notification becomes, with the target's secrets looked up.

import { isHeaderValue } from "../../../core/header-field.ts";
import type { OutgoingNotification } from "./outgoing-notification.ts";
import type { Target } from "./target.ts";
import { targetTypes } from "./target-table.ts";
import type { PreparedMail, PreparedRequest, TargetType, TargetValue, TargetValues } from "./target-type.ts";

/** The value of a reference; not ok where there is none. */
export type ResolveSecret = (
  reference: string,
) => Promise<{ readonly ok: true; readonly value: string } | { readonly ok: false; readonly message: string }>;

export type Prepared =
  | { readonly ok: true; readonly prepared: PreparedRequest | PreparedMail }
  /** Why there is nothing to send; never with a secret. */
  | { readonly ok: false; readonly message: string };

export async function prepareTarget(
  { name, type, values }: Target,
  notification: OutgoingNotification,
  resolve: ResolveSecret,
): Promise<Prepared> {
  const definition: TargetType = targetTypes[type];
  const resolved = await resolveValues(definition, values, resolve);
  if (!resolved.ok) return { ok: false, message: `target ${name}: ${resolved.message}` };
  try {
    const prepared = definition.prepare(resolved.values, notification);
    const unsendable = prepared.type === "http" ? findUnsendable(prepared.headers) : undefined;
    if (unsendable === undefined) return { ok: true, prepared };
    const why = "holds a line break, or characters that no header can hold";
    return { ok: false, message: `target ${name}: what is to be sent as ${unsendable} ${why}` };
  } catch {
    // Only an address that came out of a secret is unknown until now, and it must not be told.
    return { ok: false, message: `target ${name}: its address is no address of http or https` };
  }
}

/** The name of a header whose value, out of a secret, cannot be sent. */
function findUnsendable(headers: PreparedRequest["headers"]): string | undefined {
  return Object.entries(headers).find(([, value]) => !isHeaderValue(value))?.[0];
}

type Resolved = { readonly ok: true; readonly values: TargetValues } | { readonly ok: false; readonly message: string };

async function resolveValues({ fields }: TargetType, given: TargetValues, resolve: ResolveSecret): Promise<Resolved> {
  const values: Record<string, TargetValue> = {};
  for (const [field, value] of Object.entries(given)) {
    const kind = fields[field]?.kind;
    if (value === undefined) continue;
    if (kind === "headers") {
      const headers: Record<string, string> = {};
      for (const [header, text] of Object.entries(value)) {
        const found = await valueOf(String(text), resolve);
        if (!found.ok) return { ok: false, message: `header ${header}: ${found.message}` };
        headers[header.toLowerCase()] = found.value.trim();
      }
      values[field] = headers;
    } else if (typeof value === "string" && (kind === "secret" || kind === "url")) {
      const found = await valueOf(value, resolve);
      if (!found.ok) return { ok: false, message: `${field}: ${found.message}` };
      values[field] = found.value.trim();
    } else values[field] = value;
  }
  return { ok: true, values };
}

/** What stands there itself is nobody's secret for that: whoever looks references up masks all that they lead to. */
async function valueOf(text: string, resolve: ResolveSecret): ReturnType<ResolveSecret> {
  return isLiteral(text) ? { ok: true, value: text } : await resolve(text);
}

function isLiteral(text: string): boolean {
  return !/^(?:env|file|secret):/.test(text);
}

/** The texts of a target that are secrets and stand in runner.toml itself, with the names of their fields. */
export function literalSecrets({ type, values }: Target): readonly (readonly [field: string, value: string])[] {
  const { fields }: TargetType = targetTypes[type];
  return Object.entries(values).flatMap(([field, value]): [string, string][] => {
    const { kind, isMasked = kind === "secret" } = fields[field] ?? {};
    if (isMasked && typeof value === "string" && isLiteral(value)) return [[field, value]];
    if (kind !== "headers" || typeof value !== "object") return [];
    return Object.entries(value).flatMap(([header, text]): [string, string][] =>
      isLiteral(String(text)) && /auth|token|key|secret|signature|password|cookie/i.test(header)
        ? [[`${field}.${header}`, String(text)]]
        : [],
    );
  });
}
