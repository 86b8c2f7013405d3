// What a sender calls a request: the name of the event, the id of the delivery.

import type { JsonBody } from "./json-body.ts";
import type { ValueSource } from "./provider.ts";

/**
 * The value of the first source that has one; empty where none has. Without a body, as of a request that is refused,
 * only headers are read.
 */
export function readValue(
  sources: readonly ValueSource[],
  headers: Readonly<Record<string, string>>,
  body: JsonBody | null,
): string {
  for (const source of sources) {
    const value = source.from === "header" ? headers[source.header] : readText(source, body);
    if (value !== undefined && value !== "") return value;
  }
  return "";
}

function readText(source: ValueSource & { readonly from: "json" }, body: JsonBody | null): string | undefined {
  const value = body?.read(source.path);
  if (typeof value === "string") return value;
  const { names = {} } = source;
  const number = String(value);
  return typeof value === "number" && Object.hasOwn(names, number) ? names[number] : undefined;
}
