// `runner notify`: the targets of notifications, listed or tried, and what was sent to them.

import { Argument, type Command } from "commander";
import { errorClasses } from "../core/app-error.ts";
import type { TargetTestJson } from "../core/target-json.ts";
import { addClientFlags, connect } from "./client-flags.ts";
import type { CommandContext } from "./command-context.ts";
import { printable } from "./printable.ts";
import { formatTable } from "./table.ts";
import { targetPath } from "./target-verbs.ts";
import { deliveryActions } from "./webhooks/delivery-actions.ts";
import { addDeliveryFlags, type DeliveryFlags } from "./webhooks/delivery-flags.ts";
import { refuseUnused, type Taken, takenOfDeliveries } from "./webhooks/refuse-unused.ts";
import { type DeliveryAction, print, required } from "./webhooks/webhooks-action.ts";

const help = `
list                             all targets
test TARGET                      sends a notification to it now, and says what came of it; it is on no record
deliveries TARGET [DELIVERY]     what was sent and is to be; with a delivery its attempts
retry TARGET DELIVERY            sends it again, also what was delivered
recover TARGET --since 2d        sends again all that was given up since then

Targets are tables of runner.toml, as [targets.ops] with type = "ntfy" and topic = "env:NTFY_TOPIC". Scripts write to them by
notify.send({ to: "ops", message }), and config.notify tells them how runs end.`;

const what = "the target's name";

const list: DeliveryAction = async (request) => {
  const { flags, context } = request;
  const { out, err } = context.terminal;
  const targets = await (await connect(context, flags)).listTargets();
  if (targets.length === 0 && !flags.json) {
    await err.line("no targets: write a table [targets.NAME] into runner.toml");
    return 0;
  }
  const heads = ["NAME", "TYPE"].map((head) => out.paint("dim", head));
  const rows = targets.map(({ name, type }) => [printable(name), printable(type)]);
  await print(request, { targets }, () => formatTable([heads, ...rows]));
  return 0;
};

const test: DeliveryAction = async ({ id, flags, context }) => {
  const { out, err } = context.terminal;
  const name = required(id, what, "notify test TARGET");
  const done = await (await connect(context, flags)).testTarget(name);
  if (flags.json) await out.line(JSON.stringify(done));
  else if (done.delivered) await out.line(`${printable(name)} has taken it (${done.status}, ${done.duration_ms} ms)`);
  else await err.line(`${err.paint("red", "error:")} ${printable(`${name} has not taken it: ${describe(done)}`)}`);
  return done.delivered ? 0 : errorClasses.unavailable.exitCode;
};

const actions: Readonly<Record<string, DeliveryAction>> = {
  test,
  list,
  ...deliveryActions({ command: "notify", what, word: "TARGET", pathOf: targetPath }),
};

const taken: Readonly<Record<string, Taken>> = {
  test: { words: 1, flags: [] },
  list: { words: 0, flags: [] },
  ...takenOfDeliveries,
};

export function addNotifyCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("notify")
    .description("list or test the targets of notifications, and manage deliveries");
  addDeliveryFlags(addClientFlags(command))
    .addArgument(new Argument("<ACTION>", "what to do").choices(Object.keys(actions)))
    .addArgument(new Argument("[TARGET]", "as in [targets.TARGET] of runner.toml"))
    .addArgument(new Argument("[ID]", "of the delivery"))
    .option("--json", "print one line of JSON")
    .addHelpText("after", help)
    .action(async (...given: [string, string | undefined, string | undefined, DeliveryFlags, Command]) => {
      const [name, id, value, flags] = given;
      refuseUnused(given[4], name, taken[name], [id, value]);
      context.end((await actions[name]?.({ id, value, flags, context })) ?? 0);
    });
}

function describe({ status, error, response }: TargetTestJson): string {
  if (error !== null) return error.message;
  return response === "" ? `it answered ${status}` : `it answered ${status}: ${response.slice(0, 500)}`;
}
