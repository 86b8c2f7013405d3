// How a secret is referred to: "env:NAME", "file:/path", or the secret itself.

import { isAbsolute } from "node:path";
import { AppError } from "../core/app-error.ts";

export type SecretReference =
  | { readonly type: "env"; readonly name: string }
  | { readonly type: "file"; readonly path: string }
  | { readonly type: "literal"; readonly value: string };

/**
 * What a reference refers to; nothing is read.
 * @throws {AppError} VALIDATION_FAILED when it is empty, or begins with `env:` or `file:` and does not go on with a
 *   variable name or an absolute path. The message never repeats the text: it may be a secret that only looks so.
 */
export function parseSecretReference(text: string): SecretReference {
  if (text.startsWith("env:")) return parseEnv(text.slice("env:".length));
  if (text.startsWith("file:")) return parseFile(text.slice("file:".length));
  if (text.trim() === "") {
    throw new AppError("VALIDATION_FAILED", "the secret is empty", {
      hint: 'write "env:NAME", "file:/path" or the secret itself; leave the field out to accept every request',
    });
  }
  return { type: "literal", value: text };
}

function parseEnv(name: string): SecretReference {
  if (/^[A-Za-z_][A-Za-z0-9_]*$/.test(name)) return { type: "env", name };
  throw new AppError("VALIDATION_FAILED", 'what follows "env:" is not the name of an environment variable', {
    hint: 'write it like "env:GITHUB_WEBHOOK_SECRET"',
  });
}

function parseFile(path: string): SecretReference {
  if (isAbsolute(path) && !path.includes("\0")) return { type: "file", path };
  throw new AppError("VALIDATION_FAILED", 'what follows "file:" is not an absolute path', {
    hint: 'write the whole path, beginning with a slash, like "file:/run/secrets/github"; "~" is not expanded',
  });
}
