// The guest's one way out: the host function, taken off the global object before any script runs.

export type Operation =
  | "call"
  | "ask"
  | "console"
  | "clock"
  | "random"
  | "condition"
  | "expression"
  | "body"
  | "body_json"
  | "body_base64"
  | "parse_url"
  | "hmac"
  | "decode_text"
  | "yaml_parse"
  | "yaml_stringify"
  | "settle"
  | "unknown_call";

type HostFunction = (operation: Operation, payload?: string) => string | number | undefined;

const holder = globalThis as { host?: HostFunction };

export const host = holder.host as HostFunction;
delete holder.host;

// Kept from here on, so that a script that tampers with these harms no more than itself.
export const parseJson = JSON.parse;
export const stringifyJson = JSON.stringify;

/** The host's answer as text; operations that answer with text never answer otherwise. */
export function hostText(operation: Operation, payload?: string): string {
  return host(operation, payload) as string;
}

/** Defines a global that scripts may shadow but that does not show up in enumerations. */
export function defineGlobal(name: string, value: unknown): void {
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
}
