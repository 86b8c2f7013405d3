// Self-asserting files with one assertion changed, each of which has to be noticed.

import { parseDocument } from "yaml";

export interface Mutant {
  /** The path of what is changed. */
  readonly what: string;
  readonly text: string;
}

/** Each leaf of each `assert` once, changed to what cannot be. */
export function mutantsOf(text: string): readonly Mutant[] {
  const places: (readonly (string | number)[])[] = [];
  const walk = (node: unknown, path: readonly (string | number)[], inAssert: boolean): void => {
    if (Array.isArray(node)) node.forEach((item, index) => walk(item, [...path, index], inAssert));
    else if (typeof node === "object" && node !== null) {
      for (const [key, item] of Object.entries(node)) walk(item, [...path, key], inAssert || key === "assert");
    } else if (inAssert) places.push(path);
  };
  walk(parseDocument(text).toJS(), [], false);
  return places.map((path) => {
    const mutated = parseDocument(text);
    mutated.setIn(path, differentFrom(mutated.getIn(path), path.at(-1) === "status"));
    return { what: path.join("."), text: mutated.toString() };
  });
}

function differentFrom(value: unknown, isStatus: boolean): string | number {
  if (isStatus) return value === "failed" ? "succeeded" : "failed";
  return typeof value === "number" ? value + 1 : "what never is";
}
