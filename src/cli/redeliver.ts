// `runner redeliver`: sends a recorded webhook once more, and prints what it was answered.

import type { Command } from "commander";
import type { RedeliveryJson } from "../core/request-json.ts";
import { addClientFlags, connect, type ClientFlags } from "./client-flags.ts";
import type { CommandContext } from "./command-context.ts";
import { printable, printableLines } from "./printable.ts";

interface RedeliverFlags extends ClientFlags {
  readonly force?: true;
  readonly json?: true;
}

const help = `
The request goes through all that comes behind the verification of its sender, for your token stands for its signature. What
was masked in it stays so: where a secret was, the script sees ********. Without --force one whose sender was not believed is
not sent, and a run begins only where the pipeline's condition holds and the delivery has begun none that goes on or has
succeeded.`;

export function addRedeliverCommand(program: Command, context: CommandContext): void {
  addClientFlags(
    program.command("redeliver <ID>").description("send a recorded webhook once more, and print what it is answered"),
  )
    .option("--force", "begin a run whatever it was refused for")
    .option("--json", "print one line of JSON")
    .addHelpText("after", help)
    .action(async (id: string, flags: RedeliverFlags) => {
      const { out, err } = context.terminal;
      const redelivery = await (await connect(context, flags)).redeliver(id, { force: flags.force === true });
      if (flags.json) await out.line(JSON.stringify(redelivery));
      else {
        await err.line(describe(redelivery));
        if (redelivery.body !== null && redelivery.body !== "")
          await out.line(printableLines(redelivery.body.replace(/\n$/, "")));
      }
      context.end(0);
    });
}

function describe({ run_id: runId, status, body, duplicate, reason }: RedeliveryJson): string {
  if (runId === null) {
    const why = reason === "condition_invalid" ? "has no value for this request" : "does not hold";
    return `no run began: the pipeline's condition ${why} (--force begins one all the same)`;
  }
  if (duplicate) {
    return printable(`no run began: it has come before, and began run ${runId} (--force begins one all the same)`);
  }
  const answer = body === null ? "it has not responded, so the answer was" : "it answered";
  return printable(`run ${runId} began; ${answer} ${status}`);
}
