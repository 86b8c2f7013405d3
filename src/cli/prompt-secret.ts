// A secret typed at a terminal, which does not show it.

import { AppError } from "../core/app-error.ts";
import type { OutputStream } from "./terminal.ts";

/** The part of a terminal that is read from. */
export interface TypedInput {
  setRawMode(isRaw: boolean): unknown;
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array | string>;
}

const enter = new Set(["\r", "\n"]);
const erase = new Set(["\u007F", "\b"]);
/** Ctrl-C and Ctrl-D. */
const giveUp = new Set(["\u0003", "\u0004"]);

/** Up to the first line break. @throws {AppError} USAGE where it is given up, or the input ends. */
export async function promptSecret(input: TypedInput, err: OutputStream, question: string): Promise<string> {
  await err.write(question);
  input.setRawMode(true);
  try {
    return await readTyped(input);
  } finally {
    input.setRawMode(false);
    await err.write("\n");
  }
}

async function readTyped(input: TypedInput): Promise<string> {
  const decoder = new TextDecoder();
  const typed: string[] = [];
  for await (const piece of input) {
    const text = typeof piece === "string" ? piece : decoder.decode(piece, { stream: true });
    for (const key of text) {
      if (enter.has(key)) return typed.join("");
      if (giveUp.has(key)) throw new AppError("USAGE", "no secret was given, and nothing has changed");
      if (erase.has(key)) typed.pop();
      else typed.push(key);
    }
  }
  throw new AppError("USAGE", "no secret was given, and nothing has changed");
}
