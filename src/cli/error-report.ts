// How an error ends a command: message, code and hint on stderr, exit code from the table of codes.

import type { AppError } from "../core/app-error.ts";
import { printableLines } from "./printable.ts";
import type { OutputStream } from "./terminal.ts";

/** Prints the error and returns its exit code. */
export async function reportError(err: OutputStream, error: AppError): Promise<number> {
  const [first = "", ...rest] = printableLines(error.message).split("\n");
  await err.line([`${err.paint("red", "error:")} ${first} (${error.code})`, ...rest].join("\n"));
  if (error.hint) await err.line(`${err.paint("dim", "hint:")} ${printableLines(error.hint)}`);
  if (error.code === "INTERNAL" && error.cause instanceof Error && error.cause.stack) {
    await err.line(err.paint("dim", printableLines(error.cause.stack)));
  }
  return error.class.exitCode;
}
