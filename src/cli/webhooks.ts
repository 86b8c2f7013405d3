// `runner webhooks`: the endpoints that events are sent to, and what was.

import { Argument, type Command, Option } from "commander";
import { addClientFlags } from "./client-flags.ts";
import type { CommandContext } from "./command-context.ts";
import { endpointPath } from "./endpoint-verbs.ts";
import { deliveryActions } from "./webhooks/delivery-actions.ts";
import { addDeliveryFlags } from "./webhooks/delivery-flags.ts";
import { endpointActions } from "./webhooks/endpoint-actions.ts";
import type { WebhooksFlags } from "./webhooks/endpoint-flags.ts";
import { refuseUnused } from "./webhooks/refuse-unused.ts";
import { takenOfWebhooks } from "./webhooks/taken-of-webhooks.ts";
import type { WebhooksAction } from "./webhooks/webhooks-action.ts";

const actions: Readonly<Record<string, WebhooksAction>> = {
  ...endpointActions,
  ...deliveryActions({ command: "webhooks", what: "the endpoint's id", word: "ID", pathOf: endpointPath }),
};
const names = Object.keys(actions);

const help = `
list                         all endpoints
add URL --events LIST        has events sent there, and prints the secret that signs them, this once
show ID                      one in full
set ID                       changes it: --events, --url, --enable, --disable, …
remove ID
rotate-secret ID             exchanges its secret; the old one counts for a day too
test ID [TYPE]               sends a sample (run.completed, or of that type) to it alone, and says what came of it
deliveries ID [DELIVERY]     what was sent and is to be; with a delivery its attempts
retry ID DELIVERY            sends it again, also what was delivered
recover ID --since 2d        sends again all that was given up since then

Events are types like run.failed, or run.* and *; an empty value is the default, and "NAME:" takes a header away. Endpoints
of runner.toml are changed there.`;

export function addWebhooksCommand(program: Command, context: CommandContext): void {
  const collect = (text: string, before: readonly string[] = []): readonly string[] => [...before, text];
  const command = program
    .command("webhooks")
    .description("manage the endpoints that events are sent to, and deliveries");
  addDeliveryFlags(addClientFlags(command))
    .addArgument(new Argument("[ACTION]", "what to do").choices(names).default("list"))
    .addArgument(new Argument("[ID]", "of the endpoint; of add the URL"))
    .addArgument(new Argument("[VALUE]", "of test the type of the event, else the delivery"))
    .option("--url <URL>", "where deliveries are sent")
    .option("--events <LIST>", "types of events, with commas between them")
    .addOption(new Option("--pipeline <NAME>", "only events of this one; repeat it").argParser(collect))
    .option("--when <CONDITION>", 'only events for which it holds, like data.status == "timed_out"')
    .addOption(new Option("--header <NAME: VALUE>", "is sent with each delivery; repeat it").argParser(collect))
    .option("--signature-header <NAME>", "the header of the signature")
    .option("--retry <LIST>", "waits before the attempts 2, 3, …, like 1m,5m; none: one attempt")
    .option("--rate-limit <N>", "deliveries that may begin in a minute; none: any number")
    .option("--description <TEXT>", "in words")
    .addOption(new Option("--enable", "send events to it again").conflicts("disable"))
    .option("--disable", "send it no events")
    .option(
      "--secret <SECRET>",
      "instead of one that is made: the text, env:NAME, file:/path, secret:NAME (the server reads them), -",
    )
    .option("--keep-old-for <DURATION>", "of rotate-secret: how long the old one counts too (24h)")
    .option("--json", "print one line of JSON")
    .addHelpText("after", help)
    .action(async (...given: [string, string | undefined, string | undefined, WebhooksFlags, Command]) => {
      const [name, id, value, flags, command] = given;
      refuseUnused(command, name, takenOfWebhooks[name], [id, value]);
      context.end((await actions[name]?.({ id, value, flags, context })) ?? 0);
    });
}
