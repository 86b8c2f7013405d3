// `runner sign`: a request to a pipeline's webhook with a right signature, as a curl command or sent.

import { Option, type Command } from "commander";
import { AppError } from "../core/app-error.ts";
import { providerNames, type WebhookAlgorithm } from "../core/webhook-provider.ts";
import { signRequest, type SignedRequestParts } from "../webhooks/webhooks.ts";
import { createApiClient } from "./api-client.ts";
import type { PipelineSummary, WebhookSummary } from "./pipeline-verbs.ts";
import { addClientFlags, type ClientFlags } from "./client-flags.ts";
import type { CommandContext } from "./command-context.ts";
import { connectionTo } from "./connection-to.ts";
import { curlFor } from "./curl-for.ts";
import { findServer, type ServerAddress } from "./find-server.ts";
import { secretForms } from "./given-secret.ts";
import { printableLines } from "./printable.ts";
import { findSecret } from "./sign/find-secret.ts";
import { formatCurl } from "./sign/format-curl.ts";
import { readData, type RequestData } from "./sign/read-data.ts";
import { checkAddress } from "./webhook/check-address.ts";

interface SignFlags extends ClientFlags {
  readonly data: string;
  readonly provider?: string;
  readonly event: string;
  readonly id?: string;
  readonly contentType?: string;
  readonly secret?: string;
  readonly send?: true;
  readonly json?: true;
}

const help = `
The secret is the one of --secret, or of the variable WEBHOOK_SECRET, or the one that the pipeline's file names, where
that can be read here. Signatures with a time are good for a few minutes.`;

/** A caller waits as long for http.respond(). */
const sendTimeoutMs = 10 * 60_000;

export function addSignCommand(program: Command, context: CommandContext): void {
  addClientFlags(
    program
      .command("sign <NAME>")
      .description("print a curl command for a pipeline's webhook with a right signature, or send the request"),
  )
    .option("--data <TEXT|@FILE>", "the body: a text, @FILE, or - for standard input", "{}")
    .addOption(
      new Option("--provider <PROVIDER>", "sign as this one does (default: the pipeline's, else generic)").choices(
        providerNames,
      ),
    )
    .option("--event <EVENT>", "the name of the event, where the provider has a header for it", "push")
    .option("--id <ID>", "the id of the delivery (default: a new one)")
    .option("--content-type <TYPE>", "of the body (default: by what it is)")
    .option("--secret <SECRET>", `the secret to sign with: ${secretForms}`)
    .option("--send", "send it, and print the answer")
    .option("--json", "print one line of JSON")
    .addHelpText("after", help)
    .action(async (name: string, flags: SignFlags) => context.end(await sign(name, flags, context)));
}

async function sign(name: string, flags: SignFlags, context: CommandContext): Promise<number> {
  const { environment, cwd, fetch, terminal } = context;
  const address = await findServer({ server: flags.server, environment, cwd });
  const client = createApiClient({ address, fetch });
  const webhook = getSignedWebhook(await client.getPipeline(name));
  const data = await readData(flags.data, cwd);
  const secret = await findSecret(name, flags.secret, context);
  const { command, base } = curlFor(address.url);
  const request = signRequest({
    provider: flags.provider ?? webhook.provider ?? "generic",
    secret,
    ...algorithmOf(webhook, flags),
    eventType: flags.event,
    deliveryId: flags.id ?? crypto.randomUUID(),
    body: data.bytes,
    contentType: flags.contentType ?? guessContentType(data.bytes, flags.provider ?? webhook.provider),
    url: checkAddress(webhook.url ?? base + webhook.path, address.url),
    nowMs: context.now(),
  });
  if (flags.send) return await send(request, webhook, address, flags, context);
  const isPublic = typeof webhook.url === "string";
  if (flags.json) await terminal.out.line(JSON.stringify(describe(request)));
  else
    await terminal.out.line(formatCurl({ command: isPublic ? "curl" : command, request, file: fileOf(request, data) }));
  return 0;
}

/** @throws {AppError} PIPELINE_BROKEN, WEBHOOK_DISABLED, USAGE where nothing has to be signed. */
function getSignedWebhook({ id, config }: PipelineSummary): WebhookSummary {
  if (config === null) throw new AppError("PIPELINE_BROKEN", `the pipeline ${id} never had a version that loads`);
  if (config.webhook === null) throw new AppError("WEBHOOK_DISABLED", `the pipeline ${id} has no webhook`);
  if (config.webhook.signed) return config.webhook;
  throw new AppError("USAGE", `the pipeline ${id} has no secret, so there is nothing to sign`, {
    hint: `\`runner webhook ${id}\` prints a request to try it with`,
  });
}

/** The pipeline's own counts for the provider that it is about. */
function algorithmOf(webhook: WebhookSummary, { provider }: SignFlags): { readonly algorithm?: WebhookAlgorithm } {
  return webhook.algorithm === "sha1" && (provider ?? webhook.provider) === webhook.provider
    ? { algorithm: "sha1" }
    : {};
}

function guessContentType(body: Uint8Array, provider: string | null | undefined): string {
  if (provider === "twilio") return "application/x-www-form-urlencoded";
  try {
    JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body));
    return "application/json";
  } catch {
    return "application/octet-stream";
  }
}

/** Providers that write into the body send another one than the file holds. */
function fileOf(request: SignedRequestParts, { bytes, file }: RequestData): string | null {
  return Buffer.from(request.body).equals(bytes) ? file : null;
}

function describe({ url, headers, body }: SignedRequestParts): object {
  return { method: "POST", url, headers, body_base64: Buffer.from(body).toString("base64") };
}

/** Past any proxy in front, as this command reaches the server. */
async function send(
  request: SignedRequestParts,
  { path }: WebhookSummary,
  address: ServerAddress,
  { json }: SignFlags,
  { fetch, terminal }: CommandContext,
): Promise<number> {
  const { base, options } = await connectionTo(address);
  const { search } = new URL(request.url);
  const response = await fetch(base + path + search, {
    method: "POST",
    headers: request.headers,
    body: request.body,
    redirect: "manual",
    signal: AbortSignal.timeout(sendTimeoutMs),
    ...options,
  }).catch((cause: unknown) => {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError("SERVER_NOT_FOUND", `the server at ${address.url} does not answer: ${reason}`, { cause });
  });
  const text = await response.text();
  const { out, err } = terminal;
  if (json) {
    await out.line(JSON.stringify({ ...describe(request), answer: { status: response.status, body: text } }));
  } else {
    await err.line(out.paint(response.ok ? "green" : "red", `${response.status} ${response.statusText}`));
    await out.write(text === "" || text.endsWith("\n") ? printableLines(text) : `${printableLines(text)}\n`);
  }
  return response.ok ? 0 : 1;
}
