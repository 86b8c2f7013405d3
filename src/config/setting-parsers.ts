// How one setting's value is read, whichever source it comes from: flags and environment give text, runner.toml also
// numbers and booleans. All throw {AppError} VALIDATION_FAILED with the value and what would be accepted.

import { resolve } from "node:path";
import { AppError } from "../core/app-error.ts";
import { parseByteSize } from "../core/byte-size.ts";
import { parseDuration } from "../core/duration.ts";

export type SettingInput = string | number | boolean;

/** Where the database is. */
export interface StorageLocation {
  readonly type: "sqlite";
  /** Absolute path. */
  readonly file: string;
}

function refuse(input: SettingInput, expected: string, hint?: string): never {
  throw new AppError("VALIDATION_FAILED", `${JSON.stringify(input)} is not ${expected}`, hint ? { hint } : {});
}

/** A path made absolute against the folder its source is relative to. */
export function parsePath(input: SettingInput, baseDir: string): string {
  if (typeof input !== "string" || input.trim() === "" || input.includes("\0")) refuse(input, "a path");
  return resolve(baseDir, input);
}

/** A name or an address to listen on, without scheme and port. */
export function parseHost(input: SettingInput): string {
  // As in an address: [::1].
  const host = typeof input === "string" ? input.replace(/^\[(.*:.*)\]$/, "$1") : "";
  const isHost = host.length <= 255 && /^[\w.:%-]+$/.test(host);
  const hasPort = /^[^:]*:\d+$/.test(host);
  if (!isHost || hasPort) refuse(input, "a host name or an IP address", 'the port is a setting of its own: "port"');
  return host;
}

/** Whole numbers within both bounds; "8e3" and "0x1F" are refused although Number() would take them. */
export function wholeNumber(min: number, max: number): (input: SettingInput) => number {
  return (input) => {
    const number = typeof input === "number" ? input : /^\d{1,15}$/.test(String(input).trim()) ? Number(input) : NaN;
    if (Number.isInteger(number) && number >= min && number <= max) return number;
    return refuse(input, `a whole number from ${min} to ${max}`);
  };
}

/** Milliseconds. A bare number is refused: `webhook_timeout = 5` would else mean five milliseconds. */
export function durationUpTo(longest: string): (input: SettingInput) => number {
  return (input) => {
    const durationMs = parseDuration(String(input));
    if (durationMs > parseDuration(longest)) refuse(input, `a duration up to ${longest}`);
    return durationMs;
  };
}

export function parseSize(input: SettingInput): number {
  return parseByteSize(typeof input === "boolean" ? String(input) : input);
}

/** A size, or 0 for none. */
export function parseSizeOrNone(input: SettingInput): number {
  return /^0 *B?$/i.test(String(input)) ? 0 : parseSize(input);
}

/** Milliseconds. Who writes 0 means "for ever" as often as "not at all". */
export function durationWithin(shortest: string, longest: string): (input: SettingInput) => number {
  const parse = durationUpTo(longest);
  return (input) => {
    const durationMs = parse(input);
    if (durationMs < parseDuration(shortest)) refuse(input, `a duration from ${shortest} to ${longest}`);
    return durationMs;
  };
}

/** Milliseconds; null: `never`. */
export function durationOrNever(shortest: string, longest: string): (input: SettingInput) => number | null {
  const parse = durationWithin(shortest, longest);
  return (input) => (input === "never" ? null : parse(input));
}

const booleans: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  1: true,
  false: false,
  no: false,
  off: false,
  0: false,
};

export function parseBoolean(input: SettingInput): boolean {
  return booleans[String(input).trim().toLowerCase()] ?? refuse(input, "true or false");
}

export function oneOf<const T extends string>(...allowed: readonly T[]): (input: SettingInput) => T {
  return (input) => allowed.find((word) => word === input) ?? refuse(input, `one of ${allowed.join(", ")}`);
}

/** `sqlite://FILE`; a relative FILE is taken against `baseDir`. */
export function parseStorage(input: SettingInput, baseDir: string): StorageLocation {
  const file = typeof input === "string" && input.startsWith("sqlite://") ? input.slice("sqlite://".length) : "";
  if (file.trim() === "" || file.startsWith(":") || file.endsWith("/") || file.includes("\0")) {
    refuse(input, "a place for the database", "write sqlite://FILE, like sqlite:///var/lib/runner/runner.db");
  }
  return { type: "sqlite", file: resolve(baseDir, file) };
}

/** The message never repeats the value: it is a secret. */
export function parseToken(input: SettingInput): string {
  if (typeof input === "string" && input.length <= 1024 && /^[\x21-\x7E]+$/.test(input)) return input;
  throw new AppError("VALIDATION_FAILED", "the token is not usable in a header", {
    hint: "use 1 to 1024 printable ASCII characters without spaces",
  });
}

/** An http or https address without query; a slash at its end is dropped. */
export function parsePublicUrl(input: SettingInput): string {
  const url = typeof input === "string" ? URL.parse(input) : null;
  if (url && /^https?:$/.test(url.protocol) && url.hostname && !url.search && !url.hash && !url.username) {
    return url.href.replace(/\/+$/, "");
  }
  return refuse(input, "an address", "write it like https://ci.example.org or https://example.org/runner");
}
