// From the command of a step to the file that will be executed, found before the start so that a missing one is said.

import { accessSync, closeSync, constants, openSync, readSync, statSync, type Stats } from "node:fs";
import { Buffer } from "node:buffer";
import { resolve } from "node:path";
import type { AppError } from "../../core/app-error.ts";
import { notStarted, shown, systemCode } from "./not-started.ts";

/** Where a command is looked for. */
export interface SearchPlace {
  /** The step's PATH. */
  readonly path: string;
  /** What relative names and relative entries of PATH begin from. */
  readonly workDir: string;
}

/**
 * The absolute path of a command. A name without a slash is looked for on PATH, as execvp(3) does.
 * @throws {AppError} STEP_NOT_STARTED when there is none, or it is a folder, not executable, or has no interpreter.
 */
export function resolveCommand(name: string, place: SearchPlace): string {
  if (name === "") throw notStarted("the command is empty", "give command.path the name or path of a program");
  if (name.includes("\0")) throw notStarted(`the command ${shown(name)} contains a NUL character`, "remove it");
  if (name.includes("/")) {
    const file = resolve(place.workDir, name);
    const problem = problemOf(file);
    if (problem) throw explain(name, file, problem);
    checkInterpreter(file);
    return file;
  }
  let nearMiss: AppError | undefined;
  for (const entry of place.path.split(":")) {
    const file = resolve(place.workDir, entry, name);
    const problem = problemOf(file);
    if (!problem) {
      checkInterpreter(file);
      return file;
    }
    if (problem !== "missing") nearMiss ??= explain(name, file, problem);
  }
  throw (
    nearMiss ??
    notStarted(
      `the command ${shown(name)} was not found on the step's PATH ${JSON.stringify(place.path)}`,
      "install it, give its full path, or set PATH in the step's env",
    )
  );
}

type Problem = "missing" | "folder" | "special" | "denied" | "not_executable";

function problemOf(file: string): Problem | null {
  let stats: Stats | undefined;
  try {
    stats = statSync(file, { throwIfNoEntry: false });
  } catch (thrown) {
    return systemCode(thrown) === "EACCES" ? "denied" : "missing";
  }
  if (!stats) return "missing";
  if (stats.isDirectory()) return "folder";
  if (!stats.isFile()) return "special";
  try {
    accessSync(file, constants.X_OK);
    return null;
  } catch {
    return "not_executable";
  }
}

function explain(name: string, file: string, problem: Problem): AppError {
  const what = name === file ? shown(name) : `${shown(name)} (${file})`;
  switch (problem) {
    case "missing":
      return notStarted(
        `the command ${what} does not exist`,
        "a relative path begins from the step's workDir, or from an empty folder where the step has none",
      );
    case "folder":
      return notStarted(`the command ${what} is a folder`, "name the program inside it");
    case "special":
      return notStarted(`the command ${what} is not an ordinary file`, "name a program");
    case "denied":
      return notStarted(`the command ${what} is in a folder that the server may not enter`, "check its permissions");
    case "not_executable":
      return notStarted(`the command ${what} is not executable`, `run chmod +x ${file}`);
  }
}

/** A missing interpreter ends as "not found" of a file that is plainly there, so it is named here. */
function checkInterpreter(file: string): void {
  const head = Buffer.alloc(256);
  let length = 0;
  try {
    const fd = openSync(file, "r");
    try {
      length = readSync(fd, head, 0, head.length, 0);
    } finally {
      closeSync(fd);
    }
  } catch {
    return; // executable but not readable is allowed
  }
  const interpreter = /^#!(?:[ \t]*)([^ \t\n]+)[^\n]*\n/.exec(head.toString("latin1", 0, length))?.[1];
  if (!interpreter?.startsWith("/") || statSync(interpreter, { throwIfNoEntry: false })) return;
  throw notStarted(
    `the first line of ${file} names the interpreter ${JSON.stringify(interpreter)}, which does not exist`,
    interpreter.endsWith("\r")
      ? "the file has Windows line ends; save it with Unix line ends"
      : "install the interpreter or correct the first line",
  );
}
