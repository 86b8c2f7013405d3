// The API token: made at the first start, kept in a file that only its owner can read.

import { loadKeyFile } from "./key-file.ts";

const shortestToken = 16;

/**
 * The token in the file, which is made with a random one where it does not exist.
 * @throws {AppError} CONFIG_INVALID when the file cannot be read or made, or holds less than 16 characters.
 */
export async function loadApiToken(path: string, randomBytes: (count: number) => Uint8Array): Promise<string> {
  return await loadKeyFile({ path, what: "token", shortest: shortestToken, isOurs: true }, randomBytes);
}
