// What `runner approve` and `runner deny` have in common: which approval is meant, and the decision.

import type { Command } from "commander";
import { AppError } from "../core/app-error.ts";
import { maxDeciderName } from "../core/news-name.ts";
import type { ApiClient } from "./api-client.ts";
import { addClientFlags, connect, type ClientFlags } from "./client-flags.ts";
import type { CommandContext } from "./command-context.ts";
import { printable } from "./printable.ts";

interface DecisionFlags extends ClientFlags {
  readonly by?: string;
  readonly comment?: string;
  readonly json?: true;
}

export function addDecisionFlags(command: Command, approved: boolean, context: CommandContext): void {
  addClientFlags(command)
    .option("--by <WHO>", "who decides (default: your user name)")
    .option("--comment <TEXT>", "why, for the script and the run's steps")
    .option("--json", "print the run as one line of JSON")
    .action(async (runId: string, name: string | undefined, flags: DecisionFlags) => {
      const client = await connect(context, flags);
      const approval = name ?? (await findOnlyApproval(client, runId));
      const by = flags.by ?? context.environment["USER"]?.slice(0, maxDeciderName);
      const { comment } = flags;
      const decision = { approved, ...(by ? { by } : {}), ...(comment === undefined ? {} : { comment }) };
      const run = await client.decide(runId, approval, decision);
      const said = `${approved ? "approved" : "denied"} ${printable(JSON.stringify(approval))} of run ${printable(run.id)}`;
      await context.terminal.out.line(flags.json ? JSON.stringify(run) : said);
      context.end(0);
    });
}

/** @throws {AppError} APPROVAL_NOT_FOUND where none waits, USAGE where several do. */
async function findOnlyApproval(client: ApiClient, runId: string): Promise<string> {
  const { steps, status } = await client.getRun(runId);
  const open = steps.filter((step) => step.kind === "approval" && step.status === "waiting");
  const [first, ...others] = open;
  if (first === undefined) {
    throw new AppError("APPROVAL_NOT_FOUND", `run ${runId} (${status}) waits for no approval`, {
      hint: `\`runner runs ${runId}\` shows its steps`,
    });
  }
  if (others.length === 0) return first.name;
  throw new AppError("USAGE", `run ${runId} waits for ${open.length} approvals`, {
    hint: `name one of them: ${open.map(({ name }) => JSON.stringify(name)).join(", ")}`,
  });
}
