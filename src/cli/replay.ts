// `runner replay`: executes a past run against its journal, with no effect, and shows where a changed script differs.

import { resolve } from "node:path";
import type { Command } from "commander";
import type { AppVerbs } from "./command-context.ts";
import type { JournalRecord } from "../core/journal-record.ts";
import { addClientFlags, connect, type ClientFlags } from "./client-flags.ts";
import type { CommandContext } from "./command-context.ts";
import { addConfigFlags, loadCommandConfig, type ConfigFlags } from "./config-flags.ts";
import { ReplayPrinter, replayToJson } from "./replay-printer.ts";

interface ReplayFlags extends ClientFlags {
  readonly script?: string;
  readonly database?: string;
  readonly json?: true;
}

const help = `
Nothing is done: every host call has the answer that it had then. Exits with 0 where the script makes the same calls
and ends the same, and with 1 where it differs. A call with other arguments is told, and answered as it was.`;

export function addReplayCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("replay <RUN>")
    .description("execute a past run against its journal, with no effect, and show where it differs");
  addConfigFlags(addClientFlags(command), ["pipelines"])
    .option("--script <FILE>", "with this script instead of the one that the run had")
    .option("--database <FILE>", "read the run from this database, instead of asking a server")
    .option("--json", "print one line of JSON: calls, console, differences, and the end")
    .addHelpText("after", help)
    .action(async (runId: string, flags: ReplayFlags & ConfigFlags) => {
      context.end(await replay(runId, flags, context));
    });
}

async function replay(runId: string, flags: ReplayFlags & ConfigFlags, context: CommandContext): Promise<number> {
  const { terminal, cwd } = context;
  const { config } = await loadCommandConfig(context, flags);
  const app = await context.loadApp();
  const printer = new ReplayPrinter(terminal, flags.json ?? false);
  const report = await app.replayJournal(config, {
    journal: await openJournal(runId, flags, context, app),
    ...(flags.script === undefined ? {} : { script: resolve(cwd, flags.script) }),
    onEvent: async (event) => await printer.take(event),
  });
  if (flags.json) await terminal.out.line(JSON.stringify(replayToJson(report, printer.taken)));
  else await printer.finish(report);
  return report.differences.length === 0 ? 0 : 1;
}

async function openJournal(
  runId: string,
  flags: ReplayFlags,
  context: CommandContext,
  app: AppVerbs,
): Promise<AsyncIterable<JournalRecord>> {
  if (flags.database !== undefined) return app.readStoredJournal(resolve(context.cwd, flags.database), runId);
  return (await connect(context, flags)).readJournal(runId, flags.script === undefined);
}
