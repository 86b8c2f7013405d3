// `runner secret`: the secrets that a server keeps, set from standard input or a prompt, listed by name, removed.

import { Argument, type Command } from "commander";
import { AppError } from "../core/app-error.ts";
import { formatAgo } from "./age.ts";
import { addClientFlags, connect, type ClientFlags } from "./client-flags.ts";
import type { CommandContext } from "./command-context.ts";
import { printable } from "./printable.ts";
import { promptSecret } from "./prompt-secret.ts";
import { readSecret } from "./read-secret.ts";
import type { SecretSummary } from "./secret-verbs.ts";
import { formatTable } from "./table.ts";

interface SecretFlags extends ClientFlags {
  readonly pipeline?: string;
  readonly json?: true;
}

const actions = ["set", "list", "rm"] as const;

const help = `
set reads the value from standard input, or asks for it without showing it; it is never an argument, where every user of
the machine could read it. Scripts name it, as env: { TOKEN: "secret:NAME" }; a pipeline's own secret comes before one
of every pipeline. No command and no answer gives a value back.`;

export function addSecretCommand(program: Command, context: CommandContext): void {
  addClientFlags(program.command("secret").description("set, list or remove the secrets that the server keeps"))
    .addArgument(new Argument("<set|list|rm>", "what to do").choices(actions))
    .addArgument(new Argument("[NAME]", "of the secret, like API_KEY"))
    .option("--pipeline <NAME>", "of this pipeline alone")
    .option("--json", "of list: print one line of JSON: { secrets }")
    .addHelpText("after", help)
    .action(async (action: (typeof actions)[number], name: string | undefined, flags: SecretFlags) => {
      if (action === "list") await list(name, flags, context);
      else await change(action, name, flags, context);
      context.end(0);
    });
}

async function change(
  action: "set" | "rm",
  name: string | undefined,
  flags: SecretFlags,
  context: CommandContext,
): Promise<void> {
  const { out, err } = context.terminal;
  if (name === undefined) {
    throw new AppError("USAGE", `which secret is to be ${action === "set" ? "set" : "removed"}?`, {
      hint: `runner secret ${action} NAME`,
    });
  }
  const client = await connect(context, flags);
  if (action === "rm") await client.removeSecret(name, flags.pipeline);
  else {
    const value = process.stdin.isTTY
      ? await promptSecret(process.stdin, err, `value of ${name} (not shown): `)
      : await readSecret(Bun.stdin.stream(), `write it there: runner secret set ${name} < secret-file`);
    await client.setSecret(name, flags.pipeline, value);
  }
  const whose = flags.pipeline === undefined ? "" : ` of pipeline ${flags.pipeline}`;
  await out.line(`secret ${printable(name + whose)} ${action === "set" ? "set" : "removed"}`);
}

/** Those that a pipeline may use, where one is named. */
async function list(name: string | undefined, flags: SecretFlags, context: CommandContext): Promise<void> {
  const { out, err } = context.terminal;
  const all = await (await connect(context, flags)).listSecrets();
  const secrets = all.filter(
    (secret) =>
      (name === undefined || secret.name === name) &&
      (flags.pipeline === undefined || secret.pipeline === null || secret.pipeline === flags.pipeline),
  );
  if (flags.json) await out.line(JSON.stringify({ secrets }));
  else if (secrets.length === 0) await err.line("no secrets");
  else {
    const heads = ["NAME", "PIPELINE", "SET"].map((head) => out.paint("dim", head));
    await out.line(formatTable([heads, ...secrets.map((secret) => cellsOf(secret, context.now()))]).join("\n"));
  }
}

function cellsOf({ name, pipeline, updated_at: updatedAt }: SecretSummary, now: number): readonly string[] {
  return [printable(name), printable(pipeline ?? "(every)"), formatAgo(now - Date.parse(updatedAt))];
}
