// A secret from standard input, so that it is in no list of processes and in no shell's history.

import { AppError } from "../core/app-error.ts";

const maxBytes = 64 * 1024;

/** Without its last newline. @throws {AppError} USAGE when there is none, or too much. */
export async function readSecret(input: AsyncIterable<Uint8Array>): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new AppError("USAGE", `the secret on standard input is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  const secret = decode(Buffer.concat(chunks)).replace(/\r?\n$/, "");
  if (secret.trim() !== "") return secret;
  throw new AppError("USAGE", "there is no secret on standard input", {
    hint: "write it there: runner set-pipeline FILE --webhook-secret - < secret-file",
  });
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new AppError("USAGE", "the secret on standard input is not UTF-8 text");
  }
}
