// The file of a unix socket: one that a server left behind is replaced, one that is in use or something else is not.

import { lstat, unlink } from "node:fs/promises";
import net from "node:net";
import { AppError } from "../core/app-error.ts";

/** Makes the path free for a socket. @throws {AppError} CONFIG_INVALID. */
export async function claimSocketPath(path: string): Promise<void> {
  const found = await lstat(path).catch((cause: unknown) => {
    if (codeOf(cause) === "ENOENT") return null;
    throw cannotListen(path, codeOf(cause));
  });
  if (found === null) return;
  if (!found.isSocket()) throw cannotListen(path, "a file that is no socket is there");
  const failure = await connectTo(path);
  if (failure === null) throw cannotListen(path, "another program listens there");
  if (failure !== "ECONNREFUSED") throw cannotListen(path, failure);
  await unlink(path);
}

export function cannotListen(path: string, reason: string): AppError {
  return new AppError("CONFIG_INVALID", `cannot listen on the socket ${path}: ${reason}`, {
    hint: "name another file with --socket, in a folder that this user can write",
  });
}

/** The error's code; null where somebody answers. */
function connectTo(path: string): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = net.connect({ path });
    socket.once("connect", () => {
      socket.destroy();
      resolve(null);
    });
    socket.once("error", (error) => resolve(codeOf(error)));
  });
}

function codeOf(thrown: unknown): string {
  return thrown instanceof Error && "code" in thrown ? String(thrown.code) : String(thrown);
}
