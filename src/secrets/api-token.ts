// The API token: made at the first start, kept in a file that only its owner can read.

import { chmod, readFile, writeFile } from "node:fs/promises";
import { AppError } from "../core/app-error.ts";

const tokenBytes = 32;
const shortestToken = 16;

/**
 * The token in the file, which is made with a random one where it does not exist.
 * @throws {AppError} CONFIG_INVALID when the file cannot be read or made, or holds less than 16 characters.
 */
export async function loadApiToken(path: string, randomBytes: (count: number) => Uint8Array): Promise<string> {
  try {
    const made = Buffer.from(randomBytes(tokenBytes)).toString("base64url");
    // "wx" fails where the file exists, also for the second of two that start at the same time.
    await writeFile(path, `${made}\n`, { mode: 0o600, flag: "wx" });
    return made;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "EEXIST") return await readToken(path);
    throw new AppError("CONFIG_INVALID", `cannot make the token file ${path}: ${String(thrown)}`, { cause: thrown });
  }
}

async function readToken(path: string): Promise<string> {
  let token: string;
  try {
    await chmod(path, 0o600);
    token = (await readFile(path, "utf8")).trim();
  } catch (thrown) {
    throw new AppError("CONFIG_INVALID", `cannot read the token file ${path}: ${String(thrown)}`, { cause: thrown });
  }
  if (token.length >= shortestToken) return token;
  throw new AppError("CONFIG_INVALID", `the token in ${path} is shorter than ${shortestToken} characters`, {
    hint: "remove the file to have a new one made",
  });
}
