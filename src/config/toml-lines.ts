// On which line of runner.toml a key of a table stands: its parser tells no places.

const header = /^\s*(\[\[?)\s*([^\]]+?)\s*\]\]?\s*(?:#.*)?$/;
const assignment = /^\s*((?:"[^"]*"|'[^']*'|[\w-]+)(?:\s*\.\s*(?:"[^"]*"|'[^']*'|[\w-]+))*)\s*=/;
const keyPart = /"([^"]*)"|'([^']*)'|([\w-]+)/g;

/** The line, from 1, of the deepest part of the path that is found; null where none is. Numbers count tables of a list. */
export type FindTomlLine = (path: readonly (string | number)[]) => number | null;

/** The text is looked through once, when a line is first asked for: a file may have a problem in each of its lines. */
export function createTomlLineFinder(text: string): FindTomlLine {
  let lines: ReadonlyMap<string, number> | null = null;
  return (path) => {
    lines ??= collectLines(text);
    for (let depth = path.length; depth > 0; depth--) {
      const line = lines.get(toKey(path.slice(0, depth)));
      if (line !== undefined) return line;
    }
    return null;
  };
}

function collectLines(text: string): ReadonlyMap<string, number> {
  const lines = new Map<string, number>();
  const counts = new Map<string, number>();
  let table: readonly (string | number)[] = [];
  let closing: string | null = null;
  for (const [index, line] of text.split("\n").entries()) {
    // What is within a text of several lines looks like keys and is none.
    if (closing !== null) {
      if (line.includes(closing)) closing = null;
      continue;
    }
    const [, bracket, name = ""] = header.exec(line) ?? [];
    const path = splitKey(bracket === undefined ? (assignment.exec(line)?.[1] ?? "") : name);
    if (bracket === "[[") {
      const count = counts.get(toKey(path)) ?? 0;
      counts.set(toKey(path), count + 1);
      table = [...path, count];
    } else if (bracket === "[") table = withinList(path, counts);
    const full = bracket === undefined ? (path.length === 0 ? [] : [...table, ...path]) : table;
    for (let depth = 1; depth <= full.length; depth++) {
      const key = toKey(full.slice(0, depth));
      if (!lines.has(key)) lines.set(key, index + 1);
    }
    closing = findOpened(line);
  }
  return lines;
}

/** `[webhooks.headers]` belongs to the last `[[webhooks]]`. */
function withinList(path: readonly string[], counts: ReadonlyMap<string, number>): readonly (string | number)[] {
  const [first = "", ...rest] = path;
  const count = counts.get(toKey([first]));
  return count === undefined ? path : [first, count - 1, ...rest];
}

function findOpened(line: string): string | null {
  for (const quotes of ['"""', "'''"]) {
    if (line.split(quotes).length % 2 === 0) return quotes;
  }
  return null;
}

function splitKey(key: string): readonly string[] {
  return [...key.matchAll(keyPart)].map(([, double, single, bare]) => double ?? single ?? bare ?? "");
}

function toKey(path: readonly (string | number)[]): string {
  return path.join("\0");
}
