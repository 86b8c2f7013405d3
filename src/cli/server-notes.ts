// What `serve` notes about itself so that the other commands find it: one file per data folder, readable only by its
// owner because it holds the token. A note outlives a killed server; such notes are removed by whoever reads them.

import { createHash } from "node:crypto";
import { chmod, mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join } from "node:path";
import type { Environment } from "../config.ts";

export interface ServerNote {
  readonly url: string;
  readonly token: string;
  readonly pid: number;
  /** Tells the server's process from a later one with the same number. */
  readonly pidStart: string;
  /** Absolute paths. */
  readonly dataDir: string;
  readonly pipelines: string;
  /** Of a server that speaks HTTPS: its certificate's file, which commands on this machine trust. */
  readonly tlsCert?: string | null;
}

/** `$XDG_STATE_HOME/runner`; a relative XDG_STATE_HOME is ignored, as the XDG specification demands. */
export function findStateDir(environment: Environment): string {
  const given = environment["XDG_STATE_HOME"] ?? "";
  const home = environment["HOME"] || homedir();
  return join(isAbsolute(given) ? given : join(home, ".local", "state"), "runner");
}

/** Writes the note of this process: the folder gets mode 0700, the file 0600, and readers never see half of it. */
export async function writeServerNote(stateDir: string, note: Omit<ServerNote, "pid" | "pidStart">): Promise<void> {
  const whole: ServerNote = { ...note, pid: process.pid, pidStart: (await findProcessStart(process.pid)) ?? "" };
  const file = noteFile(stateDir, note.dataDir);
  const unfinished = `${file}.${process.pid}.tmp`;
  await mkdir(stateDir, { recursive: true, mode: 0o700 });
  await chmod(stateDir, 0o700);
  await rm(unfinished, { force: true });
  await writeFile(unfinished, `${JSON.stringify(whole)}\n`, { mode: 0o600, flag: "wx" });
  await rename(unfinished, file);
}

/** Removes the note of this process; one that another server has written since stays. */
export async function removeServerNote(stateDir: string, dataDir: string): Promise<void> {
  const file = noteFile(stateDir, dataDir);
  const note = await readNote(file);
  if (note?.pid === process.pid) await rm(file, { force: true });
}

/** The notes of servers that are alive; the others are removed. A folder that cannot be read holds no notes. */
export async function readServerNotes(stateDir: string): Promise<readonly ServerNote[]> {
  const names = await readdir(stateDir).catch(() => []);
  const live: ServerNote[] = [];
  for (const name of names.filter((each) => each.endsWith(".json")).sort()) {
    const file = join(stateDir, name);
    const note = await readNote(file);
    if (!note) continue;
    if ((await findProcessStart(note.pid)) === note.pidStart) live.push(note);
    else await rm(file, { force: true }).catch(() => undefined);
  }
  return live;
}

function noteFile(stateDir: string, dataDir: string): string {
  return join(stateDir, `${createHash("sha256").update(dataDir).digest("hex").slice(0, 16)}.json`);
}

async function readNote(file: string): Promise<ServerNote | undefined> {
  try {
    const note = JSON.parse(await readFile(file, "utf8")) as Record<keyof ServerNote, unknown>;
    const texts = [note.url, note.token, note.pidStart, note.dataDir, note.pipelines];
    const isNote = texts.every((text) => typeof text === "string") && Number.isSafeInteger(note.pid);
    const cert = note.tlsCert ?? null;
    return isNote && (cert === null || typeof cert === "string") ? (note as ServerNote) : undefined;
  } catch {
    return undefined;
  }
}

/** When a process began, in the kernel's ticks since boot; undefined when it is dead, a zombie included. */
export async function findProcessStart(pid: number): Promise<string | undefined> {
  if (process.platform !== "linux") return isAlive(pid) ? "alive" : undefined;
  try {
    // proc_pid_stat(5): the command's name may hold spaces and parentheses, so count from the last one.
    const stat = await readFile(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return fields[0] === "Z" || fields[0] === "X" ? undefined : fields[19];
  } catch {
    return undefined;
  }
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}
