// The box of secrets with the key from its file, which is not made before there is a secret.

import { loadKeyFile } from "./key-file.ts";
import { SecretBox } from "./secret-box.ts";

const shortestKey = 32;

export interface SecretKeyPlace {
  readonly path: string;
  /** The operator named it: its mode is theirs. */
  readonly isGiven: boolean;
}

/** @throws {AppError} CONFIG_INVALID when the key file cannot be read or made, or holds less than 32 characters. */
export async function openSecretBox(
  { path, isGiven }: SecretKeyPlace,
  randomBytes: (count: number) => Uint8Array,
): Promise<SecretBox> {
  const file = { path, what: "key of secrets", shortest: shortestKey, isOurs: !isGiven };
  return new SecretBox(await loadKeyFile(file, randomBytes), randomBytes);
}
