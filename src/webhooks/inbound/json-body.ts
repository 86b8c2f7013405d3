// The body of a request as JSON: parsed once, and only when something is asked of it.

import { parseBoundedJson } from "../../core/parse-bounded-json.ts";

export type JsonObject = Readonly<Record<string, unknown>>;

const decoder = new TextDecoder("utf-8", { fatal: true });

export class JsonBody {
  readonly #body: Uint8Array;
  #object: JsonObject | null | undefined;

  constructor(body: Uint8Array) {
    this.#body = body;
  }

  /** Null where the body is no JSON object, nested too deeply, or not UTF-8. */
  get object(): JsonObject | null {
    if (this.#object === undefined) this.#object = parseObject(this.#body);
    return this.#object;
  }

  /** What is at a path of field names; undefined where there is nothing. */
  read(path: readonly string[]): unknown {
    let value: unknown = this.object;
    for (const name of path) {
      if (typeof value !== "object" || value === null || !Object.hasOwn(value, name)) return undefined;
      value = (value as JsonObject)[name];
    }
    return value;
  }
}

function parseObject(body: Uint8Array): JsonObject | null {
  // Form bodies are common where JSON is possible; throwing on each of them would cost more than this look.
  if (body.find((byte) => byte > 0x20) !== 0x7b) return null;
  try {
    const value: unknown = parseBoundedJson(decoder.decode(body));
    return typeof value === "object" ? (value as JsonObject | null) : null;
  } catch {
    return null;
  }
}
