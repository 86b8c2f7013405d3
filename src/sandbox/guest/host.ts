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
  | "is_over"
  | "unknown_call";

type HostFunction = (operation: Operation, payload?: string) => string | number | undefined;

const holder = globalThis as { host?: HostFunction };

const askHost = holder.host as HostFunction;
delete holder.host;

/** Once this is so the script may be over by a limit. */
let hasRefused = false;

export const host: HostFunction = (operation, payload) => {
  try {
    return askHost(operation, payload);
  } catch (thrown) {
    hasRefused = true;
    throw thrown;
  }
};

// Kept from here on, so that a script that tampers with these harms no more than itself.
export const parseJson = JSON.parse;
export const stringifyJson = JSON.stringify;

/** The host's answer as text; operations that answer with text never answer otherwise. */
export function hostText(operation: Operation, payload?: string): string {
  return host(operation, payload) as string;
}

/** Defines a global that scripts may shadow but that does not show up in enumerations. */
export function defineGlobal(name: string, given: unknown): void {
  const value = makeEndable(given);
  Object.defineProperty(globalThis, name, { value, writable: true, configurable: true, enumerable: false });
}

const AsyncFunction = (async () => {}).constructor;

/**
 * The engine ends a script that is over by an error that nothing catches, but an async function takes it for one of its
 * own, and whoever has called it goes on. So what scripts call is a plain function, which waits there for its end.
 */
function makeEndable(value: unknown): unknown {
  if (value instanceof AsyncFunction) {
    const work = value as (...given: unknown[]) => unknown;
    return (...given: unknown[]): unknown => {
      // oxlint-disable-next-line no-empty -- the engine looks for the end of a script at each turn of a loop
      while (hasRefused && askHost("is_over") === 1) {}
      return work(...given);
    };
  }
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    for (const [key, member] of Object.entries(value)) {
      if (member instanceof AsyncFunction) Object.assign(value, { [key]: makeEndable(member) });
    }
  }
  return value;
}
