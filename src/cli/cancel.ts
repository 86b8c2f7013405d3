// `runner cancel`: asks the server to end a run.

import type { Command } from "commander";
import { isFinal } from "../core/run.ts";
import { addClientFlags, connect, type ClientFlags } from "./client-flags.ts";
import type { CommandContext } from "./command-context.ts";

interface CancelFlags extends ClientFlags {
  readonly json?: true;
}

export function addCancelCommand(program: Command, context: CommandContext): void {
  addClientFlags(program.command("cancel <RUN>").description("cancel a run"))
    .option("--json", "print the run as one line of JSON")
    .action(async (runId: string, flags: CancelFlags) => {
      const run = await (await connect(context, flags)).cancel(runId);
      const said = isFinal(run.status) ? run.status.replace("_", " ") : "is being cancelled";
      await context.terminal.out.line(flags.json ? JSON.stringify(run) : `run ${runId} ${said}`);
      context.end(0);
    });
}
