// Files of artifacts that the params of a put name.

import { pick } from "../../pick.ts";
import type { Filled } from "../../var-text.ts";
import type { Folder } from "../script-globals.ts";

/** The text of `artifact/path`; null where none is asked for. */
export async function readInput(
  file: Filled | undefined,
  inputs: Readonly<Record<string, Folder>>,
): Promise<string | null> {
  if (file === undefined || file === null) return null;
  if (typeof file !== "string") throw new Error("the path of a file must be a text");
  const [artifact = "", ...rest] = normalizePath(file).split("/");
  const path = rest.join("/");
  const volume = pick(inputs, artifact);
  if (volume === undefined || path === "") {
    throw new Error(`there is no ${JSON.stringify(file)}: artifacts here are ${Object.keys(inputs).join(", ")}`);
  }
  return (await volume.readFiles(path))[path] ?? "";
}

/** "./a//b/" as "a/b". */
export function normalizePath(path: string): string {
  const parts = path.split("/").filter((part) => part !== "" && part !== ".");
  if (!path.startsWith("/") && !parts.includes("..")) return parts.join("/");
  throw new Error(`${JSON.stringify(path)} must be a path in an artifact`);
}
