// `runner resume`: a paused pipeline starts runs again.

import type { Command } from "commander";
import { addClientFlags, connect, type ClientFlags } from "./client-flags.ts";
import type { CommandContext } from "./command-context.ts";
import { printable } from "./printable.ts";

export function addResumeCommand(program: Command, context: CommandContext): void {
  addClientFlags(program.command("resume <NAME>").description("let a paused pipeline start runs again")).action(
    async (name: string, flags: ClientFlags) => {
      await (await connect(context, flags)).resumePipeline(name);
      await context.terminal.out.line(`pipeline ${printable(name)} starts runs`);
      context.end(0);
    },
  );
}
