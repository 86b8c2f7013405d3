// `runner trigger`: starts a run on the running server and follows it to its end.

import type { Command } from "commander";
import type { CommandContext } from "./command-context.ts";
import { addInputFlags, parseInput, type InputFlags } from "./run-input.ts";
import { addStartFlags, startRun, type StartFlags } from "./start-run.ts";

export function addTriggerCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("trigger <NAME>")
    .description("start a run of a pipeline on the running server and follow it");
  addStartFlags(addInputFlags(command)).action(async (name: string, flags: StartFlags & InputFlags) => {
    const input = parseInput(flags);
    context.end(await startRun(flags, context, async (client, signal) => await client.trigger(name, input, signal)));
  });
}
