// How to start this program again from a shell: `runner` where that is it, else as it was started.

import { constants } from "node:fs";
import { access, realpath } from "node:fs/promises";
import { join } from "node:path";
import type { Environment } from "../config.ts";

export interface Program {
  /** The words before the arguments, as typed: `dist/runner`, or `bun src/main.ts`. */
  readonly startedAs: readonly string[];
  /** Absolute path of the executable, or of the script. */
  readonly file: string;
}

/** Words that can be pasted into a shell in the current folder. */
export async function findProgramName({ startedAs, file }: Program, environment: Environment): Promise<string> {
  const [first = "", ...rest] = startedAs;
  const isPath = rest.length > 0 || first.includes("/");
  const own = await realpath(file).catch(() => file);
  for (const name of isPath ? ["runner"] : ["runner", first]) {
    if ((await findOnPath(name, environment)) === own) return name;
  }
  return (isPath ? startedAs : [file]).map(quote).join(" ");
}

/** The file that a shell would start for this name. */
async function findOnPath(name: string, environment: Environment): Promise<string | undefined> {
  for (const folder of (environment["PATH"] ?? "").split(":")) {
    const path = join(folder, name);
    try {
      await access(path, constants.X_OK);
      return await realpath(path);
    } catch {}
  }
  return undefined;
}

/** One word of a POSIX shell. */
export function quote(word: string): string {
  return /^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", String.raw`'\''`)}'`;
}
