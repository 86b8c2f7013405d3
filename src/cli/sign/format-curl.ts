// A signed request as a command of a POSIX shell.

import type { SignedRequestParts } from "../../webhooks/webhooks.ts";
import { AppError } from "../../core/app-error.ts";
import { quote } from "../program-name.ts";

export interface CurlOptions {
  /** curl, with the options that reaching the address takes. */
  readonly command: string;
  readonly request: SignedRequestParts;
  /** A file that holds exactly the body; null: there is none. */
  readonly file: string | null;
}

/** @throws {AppError} USAGE where the body can be written neither as a text nor as a file. */
export function formatCurl({ command, request, file }: CurlOptions): string {
  const headers = Object.entries(request.headers).map(([name, value]) => `-H ${quote(`${name}: ${value}`)}`);
  // curl takes a text that begins with @ for the name of a file, but for --data-raw.
  const data = file === null ? `--data-raw ${quote(asText(request.body))}` : `--data-binary ${quote(`@${file}`)}`;
  return [`${command} -sS ${quote(request.url)}`, ...headers, data].join(" \\\n  ");
}

function asText(body: Uint8Array): string {
  try {
    const text = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(body);
    if (!text.includes("\0")) return text;
  } catch {}
  throw new AppError("USAGE", "the body is no text, which no command of a shell can hold", {
    hint: "give it as a file, --data @FILE, or send it with --send",
  });
}
