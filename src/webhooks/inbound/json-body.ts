// The body of a request as JSON: parsed once, and only when something is asked of it.

export type JsonObject = Readonly<Record<string, unknown>>;

const decoder = new TextDecoder("utf-8", { fatal: true });
const maxDepth = 1000;

export class JsonBody {
  readonly #body: Uint8Array;
  #object: JsonObject | null | undefined;

  constructor(body: Uint8Array) {
    this.#body = body;
  }

  /** Null where the body is no JSON object, not UTF-8, or nested so deeply that it could not be written again. */
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
  if (body.find((byte) => byte > 0x20) !== 0x7b || isNestedTooDeeply(body)) return null;
  try {
    const value: unknown = JSON.parse(decoder.decode(body));
    return typeof value === "object" ? (value as JsonObject | null) : null;
  } catch {
    return null;
  }
}

const [quote, backslash] = [0x22, 0x5c];

/** Brackets are counted outside of texts. */
function isNestedTooDeeply(body: Uint8Array): boolean {
  let depth = 0;
  let isText = false;
  for (let at = 0; at < body.length; at++) {
    const byte = body[at];
    if (isText) {
      if (byte === backslash) at++;
      else if (byte === quote) isText = false;
    } else if (byte === quote) isText = true;
    else if (byte === 0x5b || byte === 0x7b) {
      if (++depth > maxDepth) return true;
    } else if (byte === 0x5d || byte === 0x7d) depth--;
  }
  return false;
}
