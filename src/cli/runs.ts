// `runner runs`: the latest runs as a table, or one run with its steps.

import { InvalidArgumentError, Option, type Command } from "commander";
import { didYouMean } from "../core/did-you-mean.ts";
import { runStatuses } from "../core/run.ts";
import { formatAge } from "./age.ts";
import { addClientFlags, connect, type ClientFlags } from "./client-flags.ts";
import type { CommandContext } from "./command-context.ts";
import { parseLimit } from "./parse-limit.ts";
import { printable } from "./printable.ts";
import { formatRun } from "./run-view.ts";
import { durationOf, statusColours } from "./run-report.ts";
import type { RunJson } from "../core/run-json.ts";
import { formatTable } from "./table.ts";
import type { OutputStream } from "./terminal.ts";

interface RunsFlags extends ClientFlags {
  readonly pipeline?: string;
  readonly status?: string;
  readonly limit: number;
  readonly json?: true;
}

export function addRunsCommand(program: Command, context: CommandContext): void {
  addClientFlags(program.command("runs [RUN]").description("list the latest runs, or show one with its steps"))
    .option("--pipeline <NAME>", "only runs of this pipeline")
    .addOption(statusOption())
    .option("--limit <N>", "at most this many, up to 500", parseLimit, 20)
    .option("--json", "print one line of JSON")
    .action(async (runId: string | undefined, flags: RunsFlags) => {
      await (runId === undefined ? listRuns(flags, context) : showRun(runId, flags, context));
      context.end(0);
    });
}

function statusOption(): Option {
  const option = new Option("--status <STATUS>", "only runs in this state").argParser(parseStatus);
  // For help and completion alone: the parser takes other spellings too.
  option.argChoices = [...runStatuses];
  return option;
}

function parseStatus(text: string): string {
  const status = text.toLowerCase().replaceAll("-", "_");
  if (runStatuses.some((each) => each === status)) return status;
  const nearest = didYouMean(status, runStatuses);
  throw new InvalidArgumentError(nearest ? `Did you mean ${nearest}?` : `It is none of ${runStatuses.join(", ")}.`);
}

async function listRuns(flags: RunsFlags, context: CommandContext): Promise<void> {
  const { out, err } = context.terminal;
  const client = await connect(context, flags);
  const list = await client.listRuns({ pipeline: flags.pipeline, status: flags.status, limit: flags.limit });
  if (flags.json) return out.line(JSON.stringify(list));
  if (list.runs.length === 0) return err.line("no runs");
  const heads = ["ID", "PIPELINE", "TRIGGER", "STATUS", "AGE", "DURATION"].map((head) => out.paint("dim", head));
  const rows = list.runs.map((run) => cellsOf(run, out, context.now()));
  await out.line(formatTable([heads, ...rows]).join("\n"));
}

function cellsOf(run: RunJson, out: OutputStream, now: number): readonly string[] {
  return [
    printable(run.id),
    printable(run.pipeline),
    printable(run.trigger),
    out.paint(statusColours[run.status], printable(run.status)),
    formatAge(now - Date.parse(run.created_at)),
    durationOf(run, now),
  ];
}

async function showRun(runId: string, flags: RunsFlags, context: CommandContext): Promise<void> {
  const { out } = context.terminal;
  const run = await (await connect(context, flags)).getRun(runId);
  if (flags.json) return out.line(JSON.stringify(run));
  await out.line(formatRun(run, out, context.now()).join("\n"));
}
