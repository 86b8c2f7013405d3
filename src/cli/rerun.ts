// `runner rerun`: runs an ended run of the server again, from its beginning or from a step, and follows it.

import type { Command } from "commander";
import type { CommandContext } from "./command-context.ts";
import { addStartFlags, startRun, type StartFlags } from "./start-run.ts";

interface RerunFlags extends StartFlags {
  readonly from?: string;
}

const help = `
From its beginning it is the pipeline as it is now. With --from it is the script as it was, and all that the run had
done before that step is taken over: steps are not executed again, their results are those of then.`;

export function addRerunCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("rerun <RUN>")
    .description("run an ended run again with the same input, or from one of its steps, and follow it")
    .option("--from <STEP>", "begin with this step, by its name, number or id; results of earlier ones are taken over");
  addStartFlags(command)
    .addHelpText("after", help)
    .action(async (runId: string, { from, ...flags }: RerunFlags) => {
      context.end(
        await startRun(flags, context, async (client, signal) => await client.rerun(runId, { from }, signal)),
      );
    });
}
