// `runner deny`: refuses a run the approval that it waits for.

import type { Command } from "commander";
import type { CommandContext } from "./command-context.ts";
import { addDecisionFlags } from "./decide-approval.ts";

export function addDenyCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("deny <RUN> [NAME]")
    .description("deny what a run waits for; NAME where it is several");
  addDecisionFlags(command, false, context);
}
