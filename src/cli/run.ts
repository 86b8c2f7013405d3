// `runner run`: executes a pipeline in this process, without a server.

import { resolve } from "node:path";
import type { Command } from "commander";
import { addConfigFlags, loadCommandConfig, type ConfigFlags } from "./config-flags.ts";
import type { CommandContext, RunOnceOptions } from "./command-context.ts";
import { listenForInterrupts } from "./interrupts.ts";
import { createLogPrinter } from "./log-printer.ts";
import { addInputFlags, parseInput, type InputFlags } from "./run-input.ts";
import { toRunJson } from "../core/run-json.ts";
import { reportRun } from "./run-report.ts";

interface RunFlags extends InputFlags {
  readonly database?: string;
  readonly json?: true;
}

export function addRunCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("run <FILE|NAME>")
    .description("execute a pipeline in this process, without a server");
  addConfigFlags(addInputFlags(command), ["pipelines"])
    .option("--database <FILE>", "keep the run in this database (default: a temporary one)")
    .option("--json", "print one line of JSON: the finished run")
    .action(async (target: string, flags: RunFlags & ConfigFlags) => context.end(await run(target, flags, context)));
}

async function run(target: string, flags: RunFlags & ConfigFlags, context: CommandContext): Promise<number> {
  const { terminal, cwd } = context;
  const input = parseInput(flags);
  const { config } = await loadCommandConfig(context, flags);
  const app = await context.loadApp();
  const printer = createLogPrinter(terminal);
  // The first Ctrl-C cancels the run and waits for its end; the second leaves at once.
  const interrupts = listenForInterrupts(2);
  interrupts.first.addEventListener("abort", () => {
    void terminal.err.line("cancelling the run; press Ctrl-C again to leave at once");
  });
  const options: RunOnceOptions = {
    ...input,
    target: /\.m?[jt]s$/.test(target) ? resolve(cwd, target) : target,
    ...(flags.database === undefined ? {} : { database: resolve(cwd, flags.database) }),
    signal: interrupts.first,
    onEntry: async ({ source, level, stepId, stepName, text }) => {
      if (!flags.json) await printer.print({ source, level, step_id: stepId, step_name: stepName, text });
    },
  };
  try {
    const finished = toRunJson(await app.runOnce(config, options));
    await printer.finish();
    const code = await reportRun(terminal, finished, flags.json ?? false);
    return interrupts.first.aborted ? 130 : code;
  } finally {
    interrupts.close();
  }
}
