// `runner notify`: the targets of notifications, listed or tried.

import { Argument, type Command } from "commander";
import { AppError, errorClasses } from "../core/app-error.ts";
import type { TargetTestJson } from "../core/target-json.ts";
import { addClientFlags, connect, type ClientFlags } from "./client-flags.ts";
import type { CommandContext } from "./command-context.ts";
import { printable } from "./printable.ts";
import { formatTable } from "./table.ts";

interface NotifyFlags extends ClientFlags {
  readonly json?: true;
}

const actions = ["test", "list"] as const;

const help = `
Targets are tables of runner.toml, as [targets.ops] with type = "ntfy" and topic = "env:NTFY_TOPIC". Scripts write to them by
notify.send({ to: "ops", message }), and config.notify tells them how runs end.`;

export function addNotifyCommand(program: Command, context: CommandContext): void {
  addClientFlags(program.command("notify").description("send a test to a target of notifications, or list the targets"))
    .addArgument(new Argument("<test|list>", "what to do").choices(actions))
    .addArgument(new Argument("[TARGET]", "as in [targets.TARGET] of runner.toml"))
    .option("--json", "print one line of JSON: what came of the test, or { targets }")
    .addHelpText("after", help)
    .action(async (action: (typeof actions)[number], name: string | undefined, flags: NotifyFlags) => {
      context.end(action === "list" ? await list(flags, context) : await test(name, flags, context));
    });
}

async function list(flags: NotifyFlags, context: CommandContext): Promise<number> {
  const { out, err } = context.terminal;
  const targets = await (await connect(context, flags)).listTargets();
  if (flags.json) await out.line(JSON.stringify({ targets }));
  else if (targets.length === 0) await err.line("no targets: write a table [targets.NAME] into runner.toml");
  else {
    const heads = ["NAME", "TYPE"].map((head) => out.paint("dim", head));
    await out.line(
      formatTable([heads, ...targets.map(({ name, type }) => [printable(name), printable(type)])]).join("\n"),
    );
  }
  return 0;
}

async function test(name: string | undefined, flags: NotifyFlags, context: CommandContext): Promise<number> {
  const { out, err } = context.terminal;
  if (name === undefined) {
    throw new AppError("USAGE", "which target is to be tried?", { hint: "runner notify test TARGET" });
  }
  const done = await (await connect(context, flags)).testTarget(name);
  if (flags.json) await out.line(JSON.stringify(done));
  else if (done.delivered) await out.line(`${printable(name)} has taken it (${done.status}, ${done.duration_ms} ms)`);
  else await err.line(`${err.paint("red", "error:")} ${printable(`${name} has not taken it: ${describe(done)}`)}`);
  return done.delivered ? 0 : errorClasses.unavailable.exitCode;
}

function describe({ status, error, response }: TargetTestJson): string {
  if (error !== null) return error.message;
  return response === "" ? `it answered ${status}` : `it answered ${status}: ${response.slice(0, 500)}`;
}
