// A text from standard input, up to a length.

import { AppError } from "../core/app-error.ts";

/** @throws {AppError} USAGE when there is more than that, or it is no text; `what` it is stands in the message. */
export async function readInput(input: AsyncIterable<Uint8Array>, what: string, maxBytes: number): Promise<string> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of input) {
    bytes += chunk.length;
    if (bytes > maxBytes) throw new AppError("USAGE", `the ${what} on standard input is longer than ${maxBytes} bytes`);
    chunks.push(chunk);
  }
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(Buffer.concat(chunks));
  } catch {
    throw new AppError("USAGE", `the ${what} on standard input is not UTF-8 text`);
  }
}
