// `runner webhooks test deliveries retry recover`.

import { AppError } from "../../core/app-error.ts";
import { parseDuration } from "../../core/duration.ts";
import { connect } from "../client-flags.ts";
import { printable } from "../printable.ts";
import { describeOutcome, formatDeliveries, formatDelivery } from "./delivery-view.ts";
import { print, required, type WebhooksAction } from "./webhooks-action.ts";

const sampleType = "run.completed";

/** Ends with 1 where the sample was not taken. */
const test: WebhooksAction = async (request) => {
  const { flags, context, value = sampleType } = request;
  const id = required(request.id, "the endpoint's id", "test ID [TYPE]");
  const delivery = await (await connect(context, flags)).testEndpoint(id, value);
  const [attempt] = delivery.attempts;
  await print(request, delivery, () => [
    printable(`${value} ${attempt === undefined ? "was not sent" : describeOutcome(attempt)}`),
    `delivery ${printable(delivery.id)}, ${delivery.status}`,
  ]);
  return delivery.status === "delivered" ? 0 : 1;
};

const deliveries: WebhooksAction = async (request) => {
  const { flags, context, value } = request;
  const { out, err } = context.terminal;
  const id = required(request.id, "the endpoint's id", "deliveries ID [DELIVERY]");
  const client = await connect(context, flags);
  if (value !== undefined) {
    const delivery = await client.getDelivery(id, value);
    await print(request, delivery, () => formatDelivery(delivery, out));
    return 0;
  }
  const answer = await client.listDeliveries(id, { status: flags.status, limit: flags.limit });
  if (answer.deliveries.length === 0 && !flags.json) await err.line("no deliveries");
  else await print(request, answer, () => formatDeliveries(answer.deliveries, out, context.now()));
  return 0;
};

const retry: WebhooksAction = async (request) => {
  const id = required(request.id, "the endpoint's id", "retry ID DELIVERY");
  const value = required(request.value, "the delivery's id", "retry ID DELIVERY");
  const delivery = await (await connect(request.context, request.flags)).retryDelivery(id, value);
  await print(request, delivery, () => [printable(`delivery ${delivery.id} is sent again`)]);
  return 0;
};

const recover: WebhooksAction = async (request) => {
  const { flags, context } = request;
  const id = required(request.id, "the endpoint's id", "recover ID --since 2d");
  const since = toTime(required(flags.since, "since when", "recover ID --since 2d"), context.now());
  const answer = await (await connect(context, flags)).recoverDeliveries(id, since);
  const many = answer.recovered === 1 ? "1 delivery is" : `${answer.recovered} deliveries are`;
  await print(request, answer, () => [`${many} sent again`]);
  return 0;
};

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

export const deliveryActions = { test, deliveries, retry, recover };
