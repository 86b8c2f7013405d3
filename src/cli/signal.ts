// `runner signal`: sends a run the JSON that it waits for.

import type { Command } from "commander";
import { AppError } from "../core/app-error.ts";
import { addClientFlags, connect, type ClientFlags } from "./client-flags.ts";
import type { CommandContext } from "./command-context.ts";
import { printable } from "./printable.ts";
import { readInput } from "./read-input.ts";

interface SignalFlags extends ClientFlags {
  readonly data?: string;
  readonly json?: true;
}

const maxBytes = 256 * 1024;

export function addSignalCommand(program: Command, context: CommandContext): void {
  addClientFlags(program.command("signal <RUN> <NAME>").description("send a run the signal that it waits for"))
    .option("--data <JSON>", "what signal.wait() gives the script, null without it; - reads it from standard input")
    .option("--json", "print the run as one line of JSON")
    .action(async (runId: string, name: string, flags: SignalFlags) => {
      const value = await readValue(flags.data);
      const run = await (await connect(context, flags)).signal(runId, name, value);
      const said = `sent ${printable(JSON.stringify(name))} to run ${printable(run.id)}`;
      await context.terminal.out.line(flags.json ? JSON.stringify(run) : said);
      context.end(0);
    });
}

/** @throws {AppError} USAGE when it is no JSON. */
async function readValue(data: string | undefined): Promise<unknown> {
  if (data === undefined) return null;
  const text = data === "-" ? await readInput(Bun.stdin.stream(), "JSON", maxBytes) : data;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new AppError("USAGE", `--data is not JSON: ${JSON.stringify(text.slice(0, 100))}`, {
      hint: `a text has quotes of its own: --data '"go"'`,
    });
  }
}
