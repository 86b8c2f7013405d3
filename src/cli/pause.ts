// `runner pause`: a pipeline starts no runs until it is resumed.

import type { Command } from "commander";
import { addClientFlags, connect, type ClientFlags } from "./client-flags.ts";
import type { CommandContext } from "./command-context.ts";
import { printable } from "./printable.ts";

export function addPauseCommand(program: Command, context: CommandContext): void {
  addClientFlags(
    program.command("pause <NAME>").description("let a pipeline start no runs until it is resumed"),
  ).action(async (name: string, flags: ClientFlags) => {
    await (await connect(context, flags)).pausePipeline(name);
    await context.terminal.out.line(`pipeline ${printable(name)} is paused and starts no runs`);
    context.end(0);
  });
}
