// runner.toml: found, read, and taken apart into keys with the line each stands on.

import { readFile, stat } from "node:fs/promises";
import { dirname } from "node:path";

export interface TomlEntry {
  /** With underscores, whichever of `data_dir` and `data-dir` was written. */
  readonly key: string;
  readonly value: unknown;
  /** From 1; null where it could not be found. */
  readonly line: number | null;
}

/** What is wrong in the file, with the line where it is known. */
export interface TomlProblem {
  readonly line: number | null;
  readonly message: string;
}

export interface TomlFile {
  /** Absolute path. */
  readonly file: string;
  /** Relative paths in it are relative to this. */
  readonly baseDir: string;
  readonly text: string;
  readonly entries: readonly TomlEntry[];
  readonly problems: readonly TomlProblem[];
}

const maxBytes = 64 * 1024;

/** Reads the file; undefined when it does not exist. What is wrong in it comes back as problems. */
export async function loadTomlFile(file: string): Promise<TomlFile | undefined> {
  const found = { file, baseDir: dirname(file), text: "", entries: [], problems: [] };
  try {
    const { size } = await stat(file);
    if (size > maxBytes) return { ...found, problems: [{ line: null, message: `is larger than ${maxBytes} bytes` }] };
    const text = await readFile(file, "utf8");
    return { ...found, text, ...parseToml(text) };
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    const reason = cause instanceof Error ? cause.message : String(cause);
    return { ...found, problems: [{ line: null, message: `cannot be read: ${reason}` }] };
  }
}

function parseToml(text: string): Pick<TomlFile, "entries" | "problems"> {
  try {
    const values = Object.entries(Bun.TOML.parse(text));
    const entries = values.map(([key, value]) => ({ key: key.replaceAll("-", "_"), value, line: findLine(text, key) }));
    return { entries, problems: [] };
  } catch (cause) {
    const reason = (cause instanceof Error ? cause.message : String(cause)).replace(/^TOML Parse error: /, "");
    return { entries: [], problems: [{ line: findBrokenLine(text), message: reason }] };
  }
}

/** The parser reports no positions: the broken construct begins right after the longest good prefix of lines. */
function findBrokenLine(text: string): number {
  const lines = text.split("\n");
  for (let good = lines.length - 1; good > 0; good--) {
    try {
      Bun.TOML.parse(lines.slice(0, good).join("\n"));
      return good + 1;
    } catch {}
  }
  return 1;
}

function findLine(text: string, key: string): number | null {
  const name = key.replaceAll(/[.*+?^${}()|[\]\\]/g, String.raw`\$&`);
  const keyed = new RegExp(String.raw`^\s*\[*\s*["']?${name}["']?\s*[\].=]`);
  const index = text.split("\n").findIndex((line) => keyed.test(line));
  return index === -1 ? null : index + 1;
}
