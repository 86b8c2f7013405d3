// Texts of a script that may name a secret, which is looked up where it is used: neither the sandbox nor the journal ever
// holds it.

import { AppError } from "../core/app-error.ts";
import type { SecretReader } from "../secrets/secrets.ts";
import type { Bundle } from "../store/store.ts";

/** A text, or the secret it is made of. */
export type TextOrSecret = string | SecretRef | { readonly parts: readonly (string | SecretRef)[] };

interface SecretRef {
  readonly secret: string;
  readonly prefix?: string;
  readonly isText?: boolean;
}

/** Whose secrets are looked up. */
export interface SecretScope {
  readonly secrets: Pick<SecretReader, "resolve">;
  readonly pipeline: string;
  readonly bundle: Pick<Bundle, "code">;
}

export interface ResolvedText {
  readonly text: string;
  readonly isSecret: boolean;
}

/** `file://` begins an address. */
const reference = /^(?:env:[A-Za-z_]\w*|file:(?:\/(?!\/)|\$CREDENTIALS_DIRECTORY\/).+|secret:[A-Za-z_][\w.-]*)$/;

/** `what` is what the text is for, as messages begin. @throws {AppError} SECRET_MISSING. */
export async function resolveText(value: TextOrSecret, what: string, scope: SecretScope): Promise<ResolvedText> {
  if (typeof value === "object" && "parts" in value) return await resolveParts(value.parts, what, scope);
  const { secret, prefix = "", isText } = typeof value === "string" ? { secret: value, isText: true } : value;
  if (isText && !isReference(secret, scope.bundle)) return { text: prefix + secret, isSecret: false };
  const resolved = await scope.secrets.resolve(secret, scope.pipeline);
  if (resolved.ok) return { text: prefix + resolved.value, isSecret: true };
  throw new AppError("SECRET_MISSING", `${what}: ${resolved.message}`);
}

/** Texts among them are just that, whatever they look like. */
async function resolveParts(
  parts: readonly (string | SecretRef)[],
  what: string,
  scope: SecretScope,
): Promise<ResolvedText> {
  const texts: ResolvedText[] = [];
  for (const part of parts) {
    texts.push(typeof part === "string" ? { text: part, isSecret: false } : await resolveText(part, what, scope));
  }
  return { text: texts.map(({ text }) => text).join(""), isSecret: texts.some(({ isSecret }) => isSecret) };
}

/** Only what the script itself says: a text that comes from outside may look like a reference, and must not become one. */
export function isReference(text: string, { code }: Pick<Bundle, "code">): boolean {
  return reference.test(text) && ['"', "'", "`"].some((quote) => code.includes(quote + text + quote));
}
