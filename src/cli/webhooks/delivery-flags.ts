// The flags about deliveries, to whatever they go.

import { type Command, Option } from "commander";
import { deliveryStatuses } from "../../core/delivery.ts";
import type { ClientFlags } from "../client-flags.ts";
import { parseLimit } from "../parse-limit.ts";

export interface DeliveryFlags extends ClientFlags {
  readonly status?: string;
  readonly since?: string;
  readonly limit: number;
  readonly json?: true;
}

export function addDeliveryFlags(command: Command): Command {
  return command
    .addOption(new Option("--status <STATUS>", "of deliveries: only those that are so").choices(deliveryStatuses))
    .option("--since <TIME>", "of recover: a time, or how long ago, like 2d")
    .addOption(
      new Option("--limit <N>", "of deliveries: at most this many, up to 500").argParser(parseLimit).default(20),
    );
}
