// `runner webhook`: the address of a pipeline's webhook, a request to try it with, and how to register it elsewhere.

import type { Command } from "commander";
import { AppError } from "../core/app-error.ts";
import type { PipelineSummary } from "./pipeline-verbs.ts";
import { addClientFlags, connect, type ClientFlags } from "./client-flags.ts";
import type { CommandContext } from "./command-context.ts";
import { curlFor } from "./curl-for.ts";
import { printable } from "./printable.ts";
import { findProgramName, quote } from "./program-name.ts";
import { formatTable } from "./table.ts";
import type { OutputStream } from "./terminal.ts";
import { checkAddress } from "./webhook/check-address.ts";
import {
  giteaFields,
  githubCommand,
  isSignedByHand,
  requestCommands,
  secretVariable,
} from "./webhook/webhook-commands.ts";

interface WebhookFlags extends ClientFlags {
  readonly json?: true;
}

/** What `--json` prints. */
interface WebhookReport {
  readonly pipeline: string;
  readonly url: string;
  /** Whether others than this machine can be expected to reach it: the server knows its public address. */
  readonly public: boolean;
  /** null: told by the headers of each request. */
  readonly provider: string | null;
  readonly signed: boolean;
  /** A request to try it with, as commands of a POSIX shell. The secret is in the variable WEBHOOK_SECRET. */
  readonly curl: string;
  /** null where the provider is another. */
  readonly gh: string | null;
  readonly gitea: Readonly<Record<string, string>> | null;
  /** What is wrong with the pipeline's file. */
  readonly problems: readonly string[];
}

export function addWebhookCommand(program: Command, context: CommandContext): void {
  addClientFlags(
    program
      .command("webhook <NAME>")
      .description(
        "print a pipeline's webhook address, a signed curl for it, and how to register it at GitHub or Gitea",
      ),
  )
    .option("--json", "print one line of JSON")
    .action(async (name: string, flags: WebhookFlags) => {
      const { out } = context.terminal;
      const client = await connect(context, flags);
      const program = await findProgramName(context.program, context.environment);
      const report = describeWebhook(await client.getPipeline(name), client.url, program);
      await out.write(flags.json ? `${JSON.stringify(report)}\n` : formatReport(report, out));
      context.end(0);
    });
}

/** @throws {AppError} PIPELINE_BROKEN, WEBHOOK_DISABLED. */
function describeWebhook(
  { id, config, problems = [] }: PipelineSummary,
  serverUrl: string,
  program: string,
): WebhookReport {
  if (config === null) {
    throw new AppError("PIPELINE_BROKEN", `the pipeline ${id} never had a version that loads`, {
      hint: "`runner check` tells what is wrong with it",
    });
  }
  if (config.webhook === null) {
    throw new AppError("WEBHOOK_DISABLED", `the pipeline ${id} has no webhook`, {
      hint: "remove `webhook: false` from its config",
    });
  }
  const { path, signed, provider = null } = config.webhook;
  const publicUrl = config.webhook.url ?? null;
  const { command, base } = curlFor(serverUrl);
  const url = checkAddress(publicUrl ?? base + path, serverUrl);
  const byHand = requestCommands({ command: publicUrl === null ? command : "curl", url, provider, signed });
  return {
    pipeline: id,
    url,
    public: publicUrl !== null,
    provider,
    signed,
    curl: signed && !isSignedByHand(provider) ? `${program} sign ${quote(id)} --send` : byHand,
    gh: [null, "github"].includes(provider) ? githubCommand(url, signed) : null,
    gitea: [null, "github", "gitea", "forgejo"].includes(provider) ? giteaFields(url, signed) : null,
    problems: problems.map(({ message }) => message),
  };
}

function formatReport(report: WebhookReport, out: OutputStream): string {
  const { url, provider, signed, gh, gitea } = report;
  const signature = signed
    ? `required; provider: ${provider ?? "told by the headers, else generic"}`
    : 'none: every request is accepted; `webhook: { secret: "env:NAME" }` in its config closes it';
  const reach = report.public ? "" : "  (as this command reaches it; others by --public-url of the server)";
  const rows = [
    ["pipeline", report.pipeline],
    ["webhook", url + reach],
    ["signature", signature],
    ...report.problems.map((problem) => ["warning", problem]),
  ];
  const table = formatTable(rows.map(([name = "", value = ""]) => [out.paint("dim", name), printable(value)]));
  const section = (title: string, text: string): string => `\n${out.paint("bold", `# ${title}`)}\n${text}\n`;
  return [
    `${table.join("\n")}\n`,
    signed ? section("first, the secret of the webhook", `export ${secretVariable}=…`) : "",
    section("try it", report.curl),
    gh === null ? "" : section("register it at GitHub", gh),
    gitea === null ? "" : section("register it at Gitea: Settings → Webhooks → Add Webhook → Gitea", fieldLines(gitea)),
    gitea === null || report.public ? "" : localGitea,
  ].join("");
}

function fieldLines(fields: Readonly<Record<string, string>>): string {
  return formatTable(Object.entries(fields).map(([name, value]) => [`#   ${name}`, value])).join("\n");
}

const localGitea =
  "# An address of your own network has to be allowed in Gitea's app.ini: [webhook] ALLOWED_HOST_LIST = external,loopback,private\n";
