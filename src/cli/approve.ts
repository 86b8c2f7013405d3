// `runner approve`: lets a run go on that waits for an approval.

import type { Command } from "commander";
import type { CommandContext } from "./command-context.ts";
import { addDecisionFlags } from "./decide-approval.ts";

export function addApproveCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("approve <RUN> [NAME]")
    .description("approve what a run waits for; NAME where it is several");
  addDecisionFlags(command, true, context);
}
