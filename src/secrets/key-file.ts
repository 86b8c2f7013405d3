// A key in a file of its own that only its owner can read: made with random bytes where there is none.

import { chmod, readFile, writeFile } from "node:fs/promises";
import { AppError } from "../core/app-error.ts";

const keyBytes = 32;

export interface KeyFile {
  readonly path: string;
  /** What it is, as messages begin: `token`. */
  readonly what: string;
  /** In characters. */
  readonly shortest: number;
  /** Someone else's file keeps its mode. */
  readonly isOurs: boolean;
}

/**
 * The text in the file, without blanks around it.
 * @throws {AppError} CONFIG_INVALID when the file cannot be read or made, or holds too little.
 */
export async function loadKeyFile(file: KeyFile, randomBytes: (count: number) => Uint8Array): Promise<string> {
  const { path, what } = file;
  try {
    const made = Buffer.from(randomBytes(keyBytes)).toString("base64url");
    // "wx" fails where the file exists, also for the second of two that start at the same time.
    await writeFile(path, `${made}\n`, { mode: 0o600, flag: "wx" });
    return made;
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === "EEXIST") return await readKey(file);
    throw new AppError("CONFIG_INVALID", `cannot make the ${what} file ${path}: ${String(thrown)}`, { cause: thrown });
  }
}

async function readKey({ path, what, shortest, isOurs }: KeyFile): Promise<string> {
  let key: string;
  try {
    if (isOurs) await chmod(path, 0o600);
    key = (await readFile(path, "utf8")).trim();
  } catch (thrown) {
    throw new AppError("CONFIG_INVALID", `cannot read the ${what} file ${path}: ${String(thrown)}`, { cause: thrown });
  }
  if (key.length >= shortest) return key;
  throw new AppError("CONFIG_INVALID", `the ${what} in ${path} is shorter than ${shortest} characters`, {
    hint: isOurs ? "remove the file to have a new one made" : "write another one: openssl rand -base64 32",
  });
}
