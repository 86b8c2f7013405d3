// How a secret is referred to: "env:NAME", "file:/path", "secret:NAME", or the secret itself.

import { isAbsolute } from "node:path";
import { AppError } from "../core/app-error.ts";
import { isSecretName } from "../core/secret-name.ts";

export type SecretReference =
  | { readonly type: "env"; readonly name: string }
  | { readonly type: "file"; readonly path: string }
  /** A file in the folder that systemd names in CREDENTIALS_DIRECTORY. */
  | { readonly type: "credential"; readonly name: string }
  /** Kept by this server. */
  | { readonly type: "stored"; readonly name: string }
  | { readonly type: "literal"; readonly value: string };

/** Before a secret that is sealed, and was not opened; so no secret can begin like this. */
export const sealedPrefix = "sealed:";

export function isSealed(text: string): boolean {
  return text.startsWith(sealedPrefix);
}

const credentials = "$CREDENTIALS_DIRECTORY/";

/**
 * What a reference refers to; nothing is read.
 * @throws {AppError} VALIDATION_FAILED when it is empty, begins with `sealed:`, or with `env:`, `file:` or `secret:` and does not go on
 *   with a variable's name, an absolute path or a secret's name. The message never repeats the text: it may be a secret
 *   that only looks so.
 */
export function parseSecretReference(text: string): SecretReference {
  if (text.startsWith("env:")) return parseEnv(text.slice("env:".length));
  if (text.startsWith("file:")) return parseFile(text.slice("file:".length));
  if (text.startsWith("secret:")) return parseStored(text.slice("secret:".length));
  if (isSealed(text)) {
    throw new AppError(
      "VALIDATION_FAILED",
      `the secret begins with "${sealedPrefix}": it does not open with the server's key`,
      {
        hint: "bring back the key file that it was sealed with, or give another secret",
      },
    );
  }
  if (text.trim() === "") {
    throw new AppError("VALIDATION_FAILED", "the secret is empty", {
      hint: 'write "env:NAME", "file:/path", "secret:NAME" or the secret itself; leave the field out to accept every request',
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
  const credential = path.startsWith(credentials) ? path.slice(credentials.length) : "";
  if (/^[^/\0]+$/.test(credential) && credential !== "..") return { type: "credential", name: credential };
  if (isAbsolute(path) && !path.includes("\0")) return { type: "file", path };
  throw new AppError("VALIDATION_FAILED", 'what follows "file:" is not an absolute path', {
    hint: 'write the whole path, beginning with a slash, like "file:/run/secrets/github", or "file:$CREDENTIALS_DIRECTORY/NAME"; "~" is not expanded',
  });
}

function parseStored(name: string): SecretReference {
  if (isSecretName(name)) return { type: "stored", name };
  throw new AppError("VALIDATION_FAILED", 'what follows "secret:" is not the name of a secret', {
    hint: 'write it like "secret:API_KEY", as it was given to `runner secret set`',
  });
}
