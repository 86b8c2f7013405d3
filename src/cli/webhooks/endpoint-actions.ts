// `runner webhooks list add show set remove rotate-secret test`.

import { AppError } from "../../core/app-error.ts";
import type { EndpointWithSecretJson } from "../../core/endpoint-json.ts";
import { connect } from "../client-flags.ts";
import { printable } from "../printable.ts";
import { describeOutcome } from "./delivery-view.ts";
import { readSecretFlag, toEndpointBody } from "./endpoint-flags.ts";
import { formatEndpoint, formatEndpoints } from "./endpoint-view.ts";
import { print, required, type WebhooksAction, type WebhooksRequest, warn } from "./webhooks-action.ts";

const sampleType = "run.completed";

const list: WebhooksAction = async (request) => {
  const { out, err } = request.context.terminal;
  const answer = await (await connect(request.context, request.flags)).listEndpoints();
  if (answer.webhooks.length === 0 && !request.flags.json) await err.line("no endpoints");
  else await print(request, answer, () => formatEndpoints(answer.webhooks, out));
  return 0;
};

const add: WebhooksAction = async (request) => {
  const { flags, context } = request;
  const usage = "webhooks add https://example.org/hook --events 'run.*'";
  const url = required(request.id ?? flags.url, "the address", usage);
  const body = { ...toEndpointBody(flags, {}), url, ...(await readSecretFlag(flags)) };
  if (!("events" in body)) throw new AppError("USAGE", "which events is it to be sent?", { hint: `runner ${usage}` });
  const made = await (await connect(context, flags)).createEndpoint(body);
  await printWithSecret(request, made, `endpoint ${made.id} made; it is sent the events from now on`);
  return 0;
};

const show: WebhooksAction = async (request) => {
  const id = required(request.id, "the endpoint's id", "webhooks show ID");
  const endpoint = await (await connect(request.context, request.flags)).getEndpoint(id);
  await print(request, endpoint, () => formatEndpoint(endpoint, request.context.terminal.out));
  return 0;
};

const set: WebhooksAction = async (request) => {
  const { flags, context } = request;
  const id = required(request.id, "the endpoint's id", "webhooks set ID --events 'run.*'");
  const client = await connect(context, flags);
  const headers = flags.header === undefined ? {} : (await client.getEndpoint(id)).headers;
  const body = toEndpointBody(flags, headers);
  if (flags.secret !== undefined) {
    throw new AppError("USAGE", "a secret is exchanged, not set", {
      hint: "runner webhooks rotate-secret ID --secret -",
    });
  }
  if (Object.keys(body).length === 0) {
    throw new AppError("USAGE", "nothing is to be changed", { hint: "name it, as --events 'run.*' or --disable" });
  }
  const changed = await client.changeEndpoint(id, body);
  await print(request, changed, () => formatEndpoint(changed, context.terminal.out));
  await warn(request, changed.warnings);
  return 0;
};

const remove: WebhooksAction = async (request) => {
  const id = required(request.id, "the endpoint's id", "webhooks remove ID");
  await (await connect(request.context, request.flags)).removeEndpoint(id);
  await print(request, { removed: id }, () => [`endpoint ${printable(id)} removed`]);
  return 0;
};

const rotateSecret: WebhooksAction = async (request) => {
  const { flags, context } = request;
  const id = required(request.id, "the endpoint's id", "webhooks rotate-secret ID");
  const keepOldFor = flags.keepOldFor === undefined ? {} : { keep_old_for: flags.keepOldFor };
  const body = { ...(await readSecretFlag(flags)), ...keepOldFor };
  const rotated = await (await connect(context, flags)).rotateEndpointSecret(id, body);
  const until = rotated.previous_secret_until;
  const old = until === null ? "the old one counts no more" : `the old one counts until ${until}`;
  await printWithSecret(request, rotated, `the secret of ${id} is exchanged; ${old}`);
  return 0;
};

/** The secret alone on standard output, so that it can be put into a file. */
async function printWithSecret(request: WebhooksRequest, made: EndpointWithSecretJson, what: string): Promise<void> {
  const { err } = request.context.terminal;
  if (!request.flags.json) await err.line(printable(`${what}. Its secret, which is not shown again:`));
  await print(request, made, () => [printable(made.secret)]);
  await warn(request, made.warnings);
}

/** Ends with 1 where the sample was not taken. */
const test: WebhooksAction = async (request) => {
  const { flags, context, value = sampleType } = request;
  const id = required(request.id, "the endpoint's id", "webhooks test ID [TYPE]");
  const delivery = await (await connect(context, flags)).testEndpoint(id, value);
  const [attempt] = delivery.attempts;
  await print(request, delivery, () => [
    printable(`${value} ${attempt === undefined ? "was not sent" : describeOutcome(attempt)}`),
    `delivery ${printable(delivery.id)}, ${delivery.status}`,
  ]);
  return delivery.status === "delivered" ? 0 : 1;
};

export const endpointActions = { list, add, show, set, remove, "rotate-secret": rotateSecret, test };
