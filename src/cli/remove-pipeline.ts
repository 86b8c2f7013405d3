// `runner remove-pipeline`: removes a pipeline's file and its stored webhook secret from the server.

import type { Command } from "commander";
import { addClientFlags, connect, type ClientFlags } from "./client-flags.ts";
import type { CommandContext } from "./command-context.ts";

export function addRemovePipelineCommand(program: Command, context: CommandContext): void {
  addClientFlags(
    program
      .command("remove-pipeline <NAME>")
      .description("remove a pipeline's file and its stored webhook secret from the server; its runs stay"),
  ).action(async (name: string, flags: ClientFlags) => {
    await (await connect(context, flags)).removePipeline(name);
    await context.terminal.out.line(`pipeline ${name} removed; its runs stay`);
    context.end(0);
  });
}
