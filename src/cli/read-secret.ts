// A secret from standard input, so that it is in no list of processes and in no shell's history.

import { AppError } from "../core/app-error.ts";
import { readInput } from "./read-input.ts";

const maxBytes = 64 * 1024;

/** Without its last newline; `example` shows how it is given. @throws {AppError} USAGE when there is none, or too much. */
export async function readSecret(input: AsyncIterable<Uint8Array>, example: string): Promise<string> {
  const secret = (await readInput(input, "secret", maxBytes)).replace(/\r?\n$/, "");
  if (secret.trim() !== "") return secret;
  throw new AppError("USAGE", "there is no secret on standard input", {
    hint: `write it there: ${example}`,
  });
}
