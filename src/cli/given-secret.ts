// A secret that is given to a command: in this process, as the server would read it, or from standard input.

import { AppError } from "../core/app-error.ts";
import { createSecretReader } from "../secrets/secrets.ts";
import type { CommandContext } from "./command-context.ts";
import { readSecret } from "./read-secret.ts";

export const secretForms = "the text itself, env:NAME, file:/path, or - to read it from standard input";

/** The value. @throws {AppError} USAGE where there is none to be had; the message holds no part of it. */
export async function readGivenSecret(reference: string, context: CommandContext): Promise<string> {
  if (reference === "-") return await readSecret(Bun.stdin.stream(), "write it there: --secret - < secret-file");
  const { environment: env, now } = context;
  const resolved = await createSecretReader({ env, now }).resolve(reference, null);
  if (resolved.ok) return resolved.value;
  throw new AppError("USAGE", resolved.message);
}
