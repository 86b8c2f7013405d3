// `runner set-pipeline`: uploads a script to the server, with the secret of its webhook.

import { Option, type Command } from "commander";
import { AppError } from "../core/app-error.ts";
import { withoutPipelineExtension } from "../core/pipeline-file.ts";
import type { UploadedPipelineJson } from "./pipeline-verbs.ts";
import { addClientFlags, connect, type ClientFlags } from "./client-flags.ts";
import type { CommandContext } from "./command-context.ts";
import { type PipelineFile, readPipelineFile } from "./pipeline-file.ts";
import { printable } from "./printable.ts";
import { readSecret } from "./read-secret.ts";
import { formatTable } from "./table.ts";

interface SetPipelineFlags extends ClientFlags {
  readonly name?: string;
  /** false: `--no-webhook-secret`. */
  readonly webhookSecret?: string | false;
  readonly json?: true;
}

const secretHelp =
  "the secret that signs its webhook: the text itself, env:NAME, file:/path or secret:NAME (read by the server, not here), " +
  "or - to read it from standard input; without this flag a secret given before is kept";

const stdinHint = "write it there: runner set-pipeline FILE --webhook-secret - < secret-file";

const help = `
The pipeline is named after the file, or by --name. Only this one file is uploaded: what it imports must be in the
server's pipelines folder already. A file that does not load is refused and changes nothing.`;

export function addSetPipelineCommand(program: Command, context: CommandContext): void {
  addClientFlags(program.command("set-pipeline <FILE>").description("upload a script as a pipeline"))
    .option("--name <NAME>", "the pipeline's name, like home/backup")
    .addOption(new Option("--webhook-secret <SECRET>", secretHelp))
    .option("--no-webhook-secret", "remove the secret that was given with an earlier upload")
    .option("--json", "print the pipeline as one line of JSON")
    .addHelpText("after", help)
    .action(async (path: string, flags: SetPipelineFlags) => {
      await setPipeline(path, flags, context);
      context.end(0);
    });
}

async function setPipeline(path: string, flags: SetPipelineFlags, context: CommandContext): Promise<void> {
  const { out, err } = context.terminal;
  const file = await readPipelineFile(context.cwd, path);
  const name = withoutPipelineExtension(flags.name ?? file.name);
  const secret = await findSecret(flags.webhookSecret);
  const client = await connect(context, flags);
  const { source, extension } = file;
  const upload = { source, extension, ...(secret === undefined ? {} : { webhook_secret: secret }) };
  const answer = await client.setPipeline(name, upload).catch((thrown: unknown) => {
    throw explainRefusal(thrown, path, name, file);
  });
  if (flags.json) await out.line(JSON.stringify(answer));
  else await out.write(formatAnswer(answer, client.url, (text) => out.paint("dim", text)));
  for (const warning of answer.warnings) await err.line(`${err.paint("yellow", "warning:")} ${printable(warning)}`);
}

/** Undefined keeps the one that the server has, null removes it. */
async function findSecret(flag: string | false | undefined): Promise<string | null | undefined> {
  if (flag === false) return null;
  if (flag === "-") return await readSecret(Bun.stdin.stream(), stdinHint);
  if (flag === undefined || flag.trim() !== "") return flag;
  // As from a variable of the shell that is not set.
  throw new AppError("USAGE", "--webhook-secret is empty", {
    hint: "leave it out to keep the secret the server has; --no-webhook-secret removes it",
  });
}

function formatAnswer(answer: UploadedPipelineJson, serverUrl: string, dim: (text: string) => string): string {
  const { id, change, config } = answer;
  const webhook = config?.webhook ?? null;
  const rows = [["pipeline", `${id} ${change}`]];
  if (webhook === null) rows.push(["webhook", "none"]);
  else {
    const open = "none: every request is accepted; --webhook-secret closes it";
    const from = webhook.secret_from === "file" ? "by the secret in the file" : "by the secret given with an upload";
    rows.push(["webhook", webhook.url ?? serverUrl + webhook.path], ["signature", webhook.signed ? from : open]);
  }
  const table = formatTable(rows.map(([title = "", text = ""]) => [dim(title), printable(text)]));
  return `${table.join("\n")}\n`;
}

interface RefusedProblem {
  readonly file: string;
  readonly line: number | null;
  readonly column: number | null;
  readonly message: string;
}

/** Each problem at its place, in the file as it is named here. */
function explainRefusal(thrown: unknown, path: string, name: string, { extension }: PipelineFile): unknown {
  if (!(thrown instanceof AppError) || thrown.code !== "LOAD_FAILED") return thrown;
  const details = thrown.details["details"] as { readonly problems?: readonly RefusedProblem[] } | undefined;
  const lines = (details?.problems ?? []).map(({ file, line, column, message }) => {
    const isHere = file === name + extension;
    const place = [isHere ? path : file, line, line === null ? null : column].filter((part) => part !== null).join(":");
    return `${place} ${isHere ? "" : "(on the server) "}${message}`;
  });
  const { hint } = thrown;
  const message = `${path} does not load and was not taken: nothing has changed on the server`;
  return new AppError("LOAD_FAILED", [message, ...lines.map(printable)].join("\n"), {
    ...(hint === undefined ? {} : { hint }),
    cause: thrown,
  });
}
