// A text that is made of a secret which only the host looks up: `{ secret: "env:NAME", prefix: "Bearer " }`.

export interface Secret {
  readonly secret: string;
  readonly prefix?: string;
}

export function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
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
