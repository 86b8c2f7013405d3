// What the secrets that a server keeps may be called.

/** As variables are, with dots and dashes, at most 128 characters. */
export const secretNamePattern = "^[A-Za-z_][A-Za-z0-9_.-]{0,127}$";

export const longestSecretBytes = 64 * 1024;

export function isSecretName(name: string): boolean {
  return new RegExp(secretNamePattern).test(name);
}
