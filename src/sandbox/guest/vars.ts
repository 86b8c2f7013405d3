// `vars`: values that the server's configuration has for scripts, and which secrets it keeps under such names.

import { call } from "./calls.ts";
import { defineGlobal } from "./host.ts";

const caller = "vars.find";
const maxNames = 1000;

/** A name that nobody gave a value is absent. */
async function find(names: unknown): Promise<unknown> {
  if (!Array.isArray(names) || !names.every((name) => typeof name === "string")) {
    throw new TypeError(`${caller}: takes a list of names, as ["registry", "token"]`);
  }
  if (names.length > maxNames) throw new TypeError(`${caller}: takes at most ${maxNames} names, not ${names.length}`);
  return await call("var", caller, { names });
}

export function installVars(): void {
  defineGlobal("vars", { find });
}
