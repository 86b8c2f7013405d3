// `deliveries retry recover` of `runner webhooks` and of `runner notify`.

import { AppError } from "../../core/app-error.ts";
import { parseDuration } from "../../core/duration.ts";
import { connect } from "../client-flags.ts";
import { printable } from "../printable.ts";
import { formatDeliveries, formatDelivery } from "./delivery-view.ts";
import { type DeliveryAction, print, required } from "./webhooks-action.ts";

interface DestinationKind {
  readonly command: "webhooks" | "notify";
  /** As it is said to be missing. */
  readonly what: string;
  /** As it is written in usages. */
  readonly word: string;
  readonly pathOf: (id: string) => string;
}

type Named = "deliveries" | "retry" | "recover";

export function deliveryActions({
  command,
  what,
  word,
  pathOf,
}: DestinationKind): Readonly<Record<Named, DeliveryAction>> {
  const usageOf = (name: Named, more: string): string => `${command} ${name} ${word} ${more}`;
  return {
    async deliveries(request) {
      const { flags, context, value } = request;
      const { out, err } = context.terminal;
      const path = pathOf(required(request.id, what, usageOf("deliveries", "[DELIVERY]")));
      const client = await connect(context, flags);
      if (value !== undefined) {
        const delivery = await client.getDelivery(path, value);
        await print(request, delivery, () => formatDelivery(delivery, out));
        return 0;
      }
      const answer = await client.listDeliveries(path, { status: flags.status, limit: flags.limit });
      if (answer.deliveries.length === 0 && !flags.json) await err.line("no deliveries");
      else await print(request, answer, () => formatDeliveries(answer.deliveries, out, context.now()));
      return 0;
    },
    async retry(request) {
      const usage = usageOf("retry", "DELIVERY");
      const path = pathOf(required(request.id, what, usage));
      const value = required(request.value, "the delivery's id", usage);
      const delivery = await (await connect(request.context, request.flags)).retryDelivery(path, value);
      await print(request, delivery, () => [printable(`delivery ${delivery.id} is sent again`)]);
      return 0;
    },
    async recover(request) {
      const { flags, context } = request;
      const usage = usageOf("recover", "--since 2d");
      const path = pathOf(required(request.id, what, usage));
      const since = toTime(required(flags.since, "since when", usage), context.now());
      const answer = await (await connect(context, flags)).recoverDeliveries(path, since);
      const many = answer.recovered === 1 ? "1 delivery is" : `${answer.recovered} deliveries are`;
      await print(request, answer, () => [`${many} sent again`]);
      return 0;
    },
  };
}

/** A time, or how long ago. @throws {AppError} USAGE. */
function toTime(text: string, now: number): string {
  try {
    return new Date(now - parseDuration(text)).toISOString();
  } catch {
    const at = Date.parse(text);
    if (/^\d{4}-/.test(text) && !Number.isNaN(at)) return new Date(at).toISOString();
  }
  throw new AppError("USAGE", `--since ${JSON.stringify(text.slice(0, 60))} is neither a time nor a duration`, {
    hint: 'write "2d", or "2026-02-02T14:45:30Z"',
  });
}
