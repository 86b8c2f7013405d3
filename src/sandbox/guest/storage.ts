// `storage`: values kept per pipeline across runs.

import { ask, call } from "./calls.ts";
import { defineGlobal, stringifyJson } from "./host.ts";

function checkKey(key: unknown): string {
  if (typeof key === "string" && key !== "" && key.length <= 512) return key;
  throw new TypeError(`storage: a key must be a text of 1 to 512 characters, not ${stringifyJson(key) ?? typeof key}`);
}

export function installStorage(): void {
  defineGlobal("storage", {
    get: (key: unknown) => ask("storage", "get", { key: checkKey(key) }),
    list: (prefix: unknown = "") => ask("storage", "list", { prefix: String(prefix) }),
    set: async (key: unknown, value: unknown): Promise<void> => {
      if (value === undefined || stringifyJson(value) === undefined) {
        throw new TypeError("storage.set: the value must be JSON; to remove a key use storage.delete");
      }
      await call("storage", "set", { key: checkKey(key), value });
    },
    delete: async (key: unknown): Promise<void> => {
      await call("storage", "delete", { key: checkKey(key) });
    },
  });
}
