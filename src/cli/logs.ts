// `runner logs`: the log of a run, so far or until it ends.

import type { Command } from "commander";
import type { LogEntryJson } from "../core/log-entry-json.ts";
import { addClientFlags, connect, type ClientFlags } from "./client-flags.ts";
import type { CommandContext } from "./command-context.ts";
import { followRun } from "./follow-run.ts";
import { listenForInterrupts } from "./interrupts.ts";
import { createLogPrinter } from "./log-printer.ts";
import { statusColours } from "./run-report.ts";

interface LogsFlags extends ClientFlags {
  readonly follow?: true;
  readonly json?: true;
}

export function addLogsCommand(program: Command, context: CommandContext): void {
  addClientFlags(program.command("logs <RUN>").description("print the log of a run"))
    .option("-f, --follow", "go on until the run has ended")
    .option("--json", "print one line of JSON for each entry")
    .action(async (runId: string, flags: LogsFlags) => context.end(await logs(runId, flags, context)));
}

async function logs(runId: string, flags: LogsFlags, context: CommandContext): Promise<number> {
  const { out, err } = context.terminal;
  const client = await connect(context, flags);
  const printer = createLogPrinter(context.terminal);
  const readerGone = new AbortController();
  const interrupts = listenForInterrupts(2, err);
  const signal = AbortSignal.any([interrupts.first, readerGone.signal]);
  const onEntry = async (entry: LogEntryJson): Promise<void> => {
    await (flags.json ? out.line(JSON.stringify(entry)) : printer.print(entry));
    if (out.closed) readerGone.abort();
  };
  try {
    if (flags.follow) {
      const { status } = await followRun({ client, runId, signal, onEntry });
      await printer.finish();
      if (!flags.json) await err.line(`run ${runId} ${err.paint(statusColours[status], status.replace("_", " "))}`);
      return 0;
    }
    for await (const entry of client.readLogs(runId, { after: 0, follow: false, signal })) await onEntry(entry);
    await printer.finish();
    return 0;
  } catch (error) {
    if (!signal.aborted) throw error;
    await printer.finish();
    return interrupts.first.aborted ? 130 : 141;
  } finally {
    interrupts.close();
  }
}
