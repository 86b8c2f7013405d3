// Which server a command talks to: --server, RUNNER_SERVER, or the one that noted itself on this machine.

import { existsSync } from "node:fs";
import { isAbsolute, join, relative } from "node:path";
import type { Environment } from "../config.ts";
import { AppError } from "../core/app-error.ts";
import { findStateDir, readServerNotes, type ServerNote } from "./server-notes.ts";

export interface ServerAddress {
  /** Without a slash at the end; `unix:` and a path for a socket. */
  readonly url: string;
  /** File of a certificate to trust, whatever name it is for: that of the server that noted itself here. */
  readonly tlsCert?: string | null;
  readonly token: string | null;
  /** Where the token came from, for messages. */
  readonly tokenFrom: "RUNNER_TOKEN" | "note" | "nowhere";
}

export interface FindServerOptions {
  /** `--server`. */
  readonly server: string | undefined;
  readonly environment: Environment;
  readonly cwd: string;
}

/**
 * @throws {AppError} SERVER_NOT_FOUND when no server runs here or several do and none belongs to the current folder,
 *   USAGE when the given address is not one.
 */
export async function findServer(options: FindServerOptions): Promise<ServerAddress> {
  const { environment } = options;
  const notes = await readServerNotes(findStateDir(environment));
  const named = options.server ?? (environment["RUNNER_SERVER"] || undefined);
  const url = named === undefined ? undefined : parseServerUrl(named, options.server ? "--server" : "RUNNER_SERVER");
  // A token goes nowhere but to the server that noted it.
  const note = url === undefined ? chooseNote(notes, options.cwd) : notes.find((each) => sameServer(each.url, url));
  const given = environment["RUNNER_TOKEN"] || undefined;
  return {
    url: url ?? note?.url ?? "",
    token: given ?? note?.token ?? null,
    tokenFrom: given ? "RUNNER_TOKEN" : note ? "note" : "nowhere",
    ...(note?.tlsCert ? { tlsCert: note.tlsCert } : {}),
  };
}

/** An address as people write it: the scheme may be left out. */
function parseServerUrl(text: string, where: string): string {
  if (/^unix:\/./.test(text)) return text.replace(/^unix:\/+/, "unix:/");
  const url = URL.parse(text.includes("://") ? text : `http://${text}`);
  if (url && /^https?:$/.test(url.protocol) && url.hostname && !url.search && !url.hash && !url.username) {
    return url.href.replace(/\/+$/, "");
  }
  throw new AppError("USAGE", `${where}: ${JSON.stringify(text)} is not the address of a server`, {
    hint: "write it like http://127.0.0.1:8080, or unix:/path/to/socket",
  });
}

function sameServer(a: string, b: string): boolean {
  const plain = (url: string): string => url.replace("//localhost", "//127.0.0.1").replace("//[::1]", "//127.0.0.1");
  return plain(a) === plain(b);
}

function chooseNote(notes: readonly ServerNote[], cwd: string): ServerNote {
  const here = notes.filter((note) => belongsTo(note, cwd));
  if (here.length === 0) refuseOthers(notes, cwd);
  const candidates = here.length > 0 ? here : notes;
  if (candidates.length === 1 && candidates[0]) return candidates[0];
  if (candidates.length === 0) {
    throw new AppError("SERVER_NOT_FOUND", "no server is running on this machine", {
      hint: "start one with `runner serve`, or name one with --server URL",
    });
  }
  const list = candidates.map((note) => `  ${note.url}  ${note.dataDir}`).join("\n");
  throw new AppError("SERVER_NOT_FOUND", `${candidates.length} servers are running, which one is meant?\n${list}`, {
    hint: `choose with --server, like --server ${candidates[0]?.url}`,
  });
}

/** In a folder that has had a server of its own nobody means another one. */
function refuseOthers(notes: readonly ServerNote[], cwd: string): void {
  const [other] = notes;
  if (other === undefined || !existsSync(join(cwd, "data", "runner.token"))) return;
  throw new AppError("SERVER_NOT_FOUND", `the server of this folder (${join(cwd, "data")}) is not running`, {
    hint: `start it with \`runner serve\`; another one runs at ${other.url} (${other.dataDir}): choose it with --server`,
  });
}

/** The current folder holds the server's folders, or is in one of them. */
function belongsTo(note: ServerNote, cwd: string): boolean {
  return [note.dataDir, note.pipelines].some((folder) => isWithin(folder, cwd) || isWithin(cwd, folder));
}

function isWithin(path: string, folder: string): boolean {
  const way = relative(folder, path);
  return way !== ".." && !way.startsWith("../") && !isAbsolute(way);
}
