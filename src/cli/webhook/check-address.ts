// The address of a webhook as a server gave it.

import { AppError } from "../../core/app-error.ts";

/**
 * The server's word becomes part of commands that are pasted into a shell: here it can be nothing but an address.
 * @throws {AppError} SERVER_NOT_FOUND where it is none.
 */
export function checkAddress(text: string, serverUrl: string): string {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol)) return url.href;
  const message = `the server at ${serverUrl} gave ${JSON.stringify(text.slice(0, 200))} as the address of a webhook`;
  throw new AppError("SERVER_NOT_FOUND", message, { hint: "check the address given with --server or RUNNER_SERVER" });
}
