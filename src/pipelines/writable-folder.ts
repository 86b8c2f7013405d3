// One folder below the pipelines folder, held open while files in it are replaced or removed: whatever becomes of the
// paths that lead to it meanwhile, nothing is written anywhere else.

import { constants } from "node:fs";
import { type FileHandle, lstat, mkdir, open, readFile, realpath, rename, rmdir, stat, unlink } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { AppError } from "../core/app-error.ts";
import { fileErrorCode } from "./file-stamp.ts";

const folderFlags = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NONBLOCK;

export class WritableFolder {
  /** Below the root, for messages. */
  readonly #name: string;
  readonly #handle: FileHandle;
  /** Folders that were made for this one, the outermost first. */
  readonly #made: readonly string[];

  private constructor(name: string, handle: FileHandle, made: readonly string[]) {
    this.#name = name;
    this.#handle = handle;
    this.#made = made;
  }

  /**
   * Opens the folder at a path below `root`, a real path, and makes what is missing of it.
   * @throws {AppError} VALIDATION_FAILED when it is no folder or outside of the root, STORE_UNAVAILABLE.
   */
  static async open(root: string, name: string): Promise<WritableFolder> {
    const made: string[] = [];
    let handle: FileHandle | null = null;
    let path = "";
    try {
      handle = await open(root, folderFlags);
      for (const segment of name.split("/").filter((each) => each !== "" && each !== ".")) {
        path = join(path, segment);
        const parent = handle;
        handle = await openChild(parent, segment, made);
        await parent.close();
        await checkInside(root, handle, path);
      }
      return new WritableFolder(name, handle, made);
    } catch (thrown) {
      await handle?.close().catch(() => undefined);
      await removeMade(made);
      throw toWriteError(`use the folder ${path === "" ? root : path}`, thrown);
    }
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }

  /** Removes the folders that were made for this one, where they are still empty. */
  async removeMade(): Promise<void> {
    await removeMade(this.#made);
  }

  /** Those of these names that exist here, whatever they are. */
  async findNames(names: readonly string[]): Promise<string[]> {
    const exists = await Promise.all(names.map((name) => this.#exists(name)));
    return names.filter((_, index) => exists[index]);
  }

  /** Whether a regular file has exactly this text. */
  async holds(name: string, text: string): Promise<boolean> {
    try {
      const status = await lstat(this.#path(name));
      if (!status.isFile() || status.size !== Buffer.byteLength(text)) return false;
      return (await readFile(this.#path(name), "utf8")) === text;
    } catch {
      return false;
    }
  }

  /** Writes a file beside `replaced`, as readable as that, durably; the catalog does not see it. */
  async prepare(name: string, text: string, replaced = name): Promise<void> {
    const path = this.#path(unfinished(name));
    const known = await stat(this.#path(replaced)).catch(() => null);
    const mode = known?.isFile() ? known.mode & 0o666 : 0o644;
    await this.#change(`write ${this.#shown(name)}`, async () => {
      // Left by a server that was killed.
      await unlink(path).catch(() => undefined);
      const file = await open(path, "wx", mode);
      try {
        await file.writeFile(text);
        await file.sync();
      } finally {
        await file.close();
      }
    });
  }

  /** Puts what was prepared in the place of the file. */
  async replace(name: string): Promise<void> {
    await this.#change(`write ${this.#shown(name)}`, async () => {
      await rename(this.#path(unfinished(name)), this.#path(name));
    });
  }

  /** Takes back what was prepared. */
  async discard(name: string): Promise<void> {
    await unlink(this.#path(unfinished(name))).catch(() => undefined);
  }

  /** Removes a file, or the symlink that it is; nothing where there is none. */
  async remove(name: string): Promise<void> {
    await this.#change(`remove ${this.#shown(name)}`, async () => {
      await unlink(this.#path(name)).catch((thrown: unknown) => {
        if (fileErrorCode(thrown) !== "ENOENT") throw thrown;
      });
    });
  }

  /** Makes durable which files there are. */
  async sync(): Promise<void> {
    await this.#change(`write the folder ${this.#shown("")}`, async () => await this.#handle.sync());
  }

  async #exists(name: string): Promise<boolean> {
    return await lstat(this.#path(name)).then(
      () => true,
      () => false,
    );
  }

  #path(name: string): string {
    return childPath(this.#handle, name);
  }

  #shown(name: string): string {
    return join(this.#name, name);
  }

  async #change(what: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (thrown) {
      throw toWriteError(what, thrown);
    }
  }
}

/** Names with a dot in front are no pipelines. */
function unfinished(name: string): string {
  return `.${name}.upload`;
}

/** proc_pid_fd(5): leads to the folder that was opened, wherever that is now. */
function childPath(folder: FileHandle, name: string): string {
  return `/proc/self/fd/${folder.fd}/${name}`;
}

async function openChild(parent: FileHandle, name: string, made: string[]): Promise<FileHandle> {
  const path = childPath(parent, name);
  try {
    return await open(path, folderFlags);
  } catch (thrown) {
    if (fileErrorCode(thrown) !== "ENOENT") throw thrown;
    if (await makeFolder(path)) made.push(join(await realpath(childPath(parent, ".")), name));
    await parent.sync();
    return await open(path, folderFlags);
  }
}

/** True where it is new. */
async function makeFolder(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (thrown) {
    if (fileErrorCode(thrown) === "EEXIST") return false;
    throw thrown;
  }
}

async function checkInside(root: string, folder: FileHandle, name: string): Promise<void> {
  const real = await realpath(`/proc/self/fd/${folder.fd}`);
  const way = relative(root, real);
  if (way !== ".." && !way.startsWith(`..${sep}`)) return;
  throw new AppError("VALIDATION_FAILED", `the folder ${name} is a symlink to ${real}, outside the pipelines folder`, {
    hint: "upload to another folder, or replace the symlink on the server",
  });
}

async function removeMade(made: readonly string[]): Promise<void> {
  for (const path of made.toReversed()) await rmdir(path).catch(() => undefined);
}

const reasons: Readonly<Record<string, readonly [reason: string, hint: string]>> = {
  EROFS: ["the file system is read-only", "make the server's pipelines folder writable"],
  EACCES: ["permission denied", "make the server's pipelines folder writable for the user who runs the server"],
  EPERM: ["permission denied", "make the server's pipelines folder writable for the user who runs the server"],
  ENOSPC: ["no space is left on the disk", "free some space on the server's disk"],
  EDQUOT: ["the disk quota is used up", "free some space on the server's disk"],
};
const unfit: Readonly<Record<string, string>> = {
  ENOENT: "a symlink in its place leads nowhere",
  ENOTDIR: "there is a file in its place",
  EISDIR: "there is a folder in its place",
  ELOOP: "its symlinks go round in circles",
  ENAMETOOLONG: "its name is too long",
};

function toWriteError(what: string, thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  const code = fileErrorCode(thrown);
  const unfitness = unfit[code];
  if (unfitness !== undefined) {
    const hint = "choose another name, or make room for it on the server";
    return new AppError("VALIDATION_FAILED", `cannot ${what}: ${unfitness}`, { hint, cause: thrown });
  }
  const [reason, hint] = reasons[code] ?? [`the system said ${code}`, "look at the server's disk"];
  return new AppError("STORE_UNAVAILABLE", `cannot ${what}: ${reason}`, { hint, cause: thrown });
}
