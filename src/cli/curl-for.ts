// How curl, pasted into a shell of this machine, reaches a server that commands reach.

import { quote } from "./program-name.ts";

export interface CurlCommand {
  /** With its options. */
  readonly command: string;
  /** What paths are appended to. */
  readonly base: string;
}

/** `url`: without a slash at its end; `unix:` and a path for a socket. */
export function curlFor(url: string): CurlCommand {
  if (url.startsWith("unix:")) {
    return { command: `curl --unix-socket ${quote(url.slice("unix:".length))}`, base: "http://localhost" };
  }
  // The certificate is for another name than this machine's own, or curl does not know who signed it.
  return { command: url.startsWith("https:") ? "curl --insecure" : "curl", base: url };
}
