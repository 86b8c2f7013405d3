// A text that is made of a secret which only the host looks up: `{ secret: "env:NAME", prefix: "Bearer " }`.

export interface Secret {
  readonly secret: string;
  readonly prefix?: string;
  /** It may also be the text itself; a reference only where the script has it word for word. */
  readonly isText?: true;
}

/** A text of which only some is secret. */
export interface SecretParts {
  readonly parts: readonly (string | Secret)[];
}

export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

/** `{ secret }`, or `{ parts }` of texts and secrets. */
export function isSecretText(value: unknown): value is object {
  return isObject(value) && ("secret" in value || "parts" in value);
}

/** @throws {TypeError} when it is neither a reference nor a list of texts and references. */
export function readSecretText(caller: string, value: object, what: string): Secret | SecretParts {
  if (!("parts" in value)) return readSecret(caller, value, what);
  const { parts } = value;
  if (!Array.isArray(parts)) throw new TypeError(`${caller}: ${what}: parts must be a list of texts and secrets`);
  return {
    parts: parts.map((part: unknown) => (isObject(part) ? readSecret(caller, part, what) : String(part))),
  };
}

/** `caller` and `what` are how messages begin. @throws {TypeError} when it is no reference. */
export function readSecret(caller: string, value: object, what: string): Secret {
  const { secret, prefix } = value as { secret?: unknown; prefix?: unknown };
  // Written out it would be in the journal.
  if (typeof secret !== "string" || !/^(?:env|file|secret):./.test(secret)) {
    throw new TypeError(
      `${caller}: ${what}: a secret is named, like { secret: "env:NAME" }, { secret: "file:/path" } or { secret: "secret:NAME" }`,
    );
  }
  if (prefix === undefined) return { secret };
  if (typeof prefix !== "string") {
    throw new TypeError(`${caller}: ${what}: the prefix of a secret must be a text, like "Bearer "`);
  }
  return { secret, prefix };
}

/** A token that is named, or is the text itself; `prefix` stands before it. @throws {TypeError} when it is neither. */
export function readToken(caller: string, value: unknown, prefix: string): Secret {
  if (isObject(value) && "secret" in value) return { prefix, ...readSecret(caller, value, "the token") };
  if (typeof value === "string" && value.trim() !== "") return { secret: value, prefix, isText: true };
  throw new TypeError(`${caller}: a token is missing: name it, like "secret:NAME" or "env:NAME"`);
}
