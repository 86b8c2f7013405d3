// Writes the files of a new server: what is there stays as it is, but for the types, which are ours.

import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { AppError } from "../../core/app-error.ts";

export interface NewFile {
  /** Absolute. */
  readonly path: string;
  readonly text: string;
  /** Replaced where it still begins with this line, which says that it was generated. */
  readonly generatedBy?: string;
}

export type FileFate = "written" | "updated" | "kept";

/** @throws {AppError} USAGE where the file or its folder cannot be made. */
export async function writeNewFile({ path, text, generatedBy }: NewFile): Promise<FileFate> {
  try {
    await mkdir(dirname(path), { recursive: true });
    if (await create(path, text)) return "written";
    // Reading a FIFO would wait for whoever writes into it.
    if (generatedBy === undefined || !(await isFile(path))) return "kept";
    const present = await readFile(path, "utf8");
    if (present === text || !present.startsWith(generatedBy)) return "kept";
    await replace(path, text);
    return "updated";
  } catch (cause) {
    throw new AppError("USAGE", `cannot write ${path}: ${cause instanceof Error ? cause.message : String(cause)}`, {
      cause,
      hint: "choose another folder: runner init DIR",
    });
  }
}

/** False where there is something already, a dangling symlink included. */
async function create(path: string, text: string): Promise<boolean> {
  try {
    await writeFile(path, text, { flag: "wx" });
    return true;
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST") return false;
    throw cause;
  }
}

async function isFile(path: string): Promise<boolean> {
  return (await stat(path).catch(() => null))?.isFile() ?? false;
}

/** An editor that watches the file never sees half of it. */
async function replace(path: string, text: string): Promise<void> {
  const unfinished = `${path}.${process.pid}.tmp`;
  try {
    await writeFile(unfinished, text, { flag: "wx" });
    await rename(unfinished, path);
  } catch (cause) {
    await rm(unfinished, { force: true });
    throw cause;
  }
}

/** Whether a folder has nothing of the user's yet; what we write beside scripts does not count. */
export async function isWithoutScripts(folder: string, ours: readonly string[]): Promise<boolean> {
  const names = await readdir(folder).catch((cause: unknown) => {
    if ((cause as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw new AppError("USAGE", `cannot list ${folder}: ${cause instanceof Error ? cause.message : String(cause)}`);
  });
  return names.every((name) => name.startsWith(".") || ours.includes(name));
}
