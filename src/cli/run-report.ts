// How a run ended, for people: its result on stdout, everything said about it on stderr.

import { formatDuration } from "../core/duration.ts";
import type { RunStatus } from "../core/run.ts";
import { printable } from "./printable.ts";
import type { RunJson } from "../core/run-json.ts";
import type { Colour, Terminal } from "./terminal.ts";

export const statusColours: Readonly<Record<RunStatus, Colour>> = {
  queued: "dim",
  running: "blue",
  waiting: "yellow",
  succeeded: "green",
  failed: "red",
  cancelled: "yellow",
  timed_out: "red",
  skipped: "dim",
};

/**
 * Prints how the run ended, or with `json` the run as one line, and returns the exit code of the command that followed
 * it: 0 for a run that did what it should or had nothing to do, else 1.
 */
export async function reportRun({ out, err }: Terminal, run: RunJson, json: boolean): Promise<number> {
  const { error, result, status } = run;
  if (json) await out.line(JSON.stringify(run));
  else {
    if (result !== null && result !== undefined) await out.line(`result: ${printable(JSON.stringify(result))}`);
    const took = durationOf(run);
    const ended = `${err.paint(statusColours[status], status.replace("_", " "))}${took ? ` after ${took}` : ""}`;
    await err.line(`run ${printable(run.id)} ${ended}`);
  }
  if (error) await err.line(`${err.paint("red", "error:")} ${describeError(error)}`);
  if (error?.hint) await err.line(`${err.paint("dim", "hint:")} ${printable(error.hint)}`);
  return status === "succeeded" || status === "skipped" ? 0 : 1;
}

/** `deploy.ts:12: message (CODE)`. */
export function describeError(error: NonNullable<RunJson["error"]>): string {
  const place = error.file === null ? "" : `${error.file}${error.line === null ? "" : `:${error.line}`}: `;
  return printable(`${place}${error.message} (${error.code})`);
}

/** How long a run or step took, or has been taking until `now`; empty where it has not begun. */
export function durationOf(
  timed: { readonly started_at: string | null; readonly finished_at: string | null },
  now?: number,
): string {
  const startedAt = timed.started_at === null ? Number.NaN : Date.parse(timed.started_at);
  const finishedAt = timed.finished_at === null ? now : Date.parse(timed.finished_at);
  const ms = (finishedAt ?? Number.NaN) - startedAt;
  return Number.isFinite(ms) ? formatDuration(Math.max(0, ms)) : "";
}
