// What in a value JSON would lose without a word, or cannot hold at all.

/** A sentence about the first such part; null where the value is the same when it is read from JSON again. */
export function findNoJson(value: unknown): string | null {
  return find(value, "", []);
}

function find(value: unknown, path: string, above: readonly object[]): string | null {
  if (typeof value === "function" || typeof value === "symbol" || typeof value === "bigint") {
    return tell(path, `a ${typeof value}`);
  }
  if (typeof value !== "object" || value === null) return null;
  if (above.includes(value)) return tell(path, "an object that contains itself");
  // As a Date, it says itself what it is in JSON.
  if (typeof (value as { toJSON?: unknown }).toJSON === "function") return null;
  if (value instanceof Promise) return tell(path, "a promise", "is an await missing?");
  const prototype: unknown = Object.getPrototypeOf(value);
  if (!Array.isArray(value) && prototype !== null && prototype !== Object.prototype) {
    return tell(path, nameOf(value));
  }
  const inside = [...above, value];
  for (const [key, item] of Object.entries(value)) {
    const found = find(item, Array.isArray(value) ? `${path}[${key}]` : `${path}.${key}`, inside);
    if (found !== null) return found;
  }
  return null;
}

function nameOf(value: object): string {
  const name: unknown = value.constructor?.name;
  if (typeof name !== "string" || name === "") return "no plain object";
  return `${/^[AEIO]/i.test(name) ? "an" : "a"} ${name}`;
}

function tell(path: string, what: string, question = "return plain data, or what you need of it"): string {
  return `its value${path === "" ? "" : ` at ${path.replace(/^\./, "")}`} is ${what}, which cannot be kept as JSON: ${question}`;
}
