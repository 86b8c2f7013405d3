// `runner run`: executes a pipeline in this process, without a server.

import { stat } from "node:fs/promises";
import { relative, resolve } from "node:path";
import type { Command } from "commander";
import type { Config } from "../config.ts";
import { AppError } from "../core/app-error.ts";
import { logEntryToJson } from "../core/log-entry-json.ts";
import { isPipelineFile, withoutPipelineExtension } from "../core/pipeline-file.ts";
import { runToJson } from "../core/run-json.ts";
import { addConfigFlags, loadCommandConfig, type ConfigFlags } from "./config-flags.ts";
import type { RunOnceOptions } from "../app.ts";
import type { CommandContext } from "./command-context.ts";
import { listenForInterrupts } from "./interrupts.ts";
import { createLogPrinter } from "./log-printer.ts";
import { addInputFlags, parseInput, type InputFlags } from "./run-input.ts";
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
    .addHelpText(
      "after",
      "\nWhat its steps and requests do is done; no event and no notification of it is sent to anybody.",
    )
    .action(async (target: string, flags: RunFlags & ConfigFlags) => context.end(await run(target, flags, context)));
}

async function run(target: string, flags: RunFlags & ConfigFlags, context: CommandContext): Promise<number> {
  const { terminal, cwd } = context;
  const input = parseInput(flags);
  const { config } = await loadCommandConfig(context, flags);
  const file = isPipelineFile(target) ? await findScript(target, cwd, config) : undefined;
  const app = await context.loadApp();
  const printer = createLogPrinter(terminal);
  // The first Ctrl-C cancels the run and waits for its end; the second leaves at once.
  const interrupts = listenForInterrupts(2, terminal.err);
  interrupts.first.addEventListener("abort", () => {
    void terminal.err.line("cancelling the run; press Ctrl-C again to leave at once");
  });
  const options: RunOnceOptions = {
    ...input,
    target: file ?? target,
    ...(flags.database === undefined ? {} : { database: resolve(cwd, flags.database) }),
    signal: interrupts.first,
    onEntry: async (entry) => {
      if (!flags.json) await printer.print(logEntryToJson(entry));
    },
  };
  try {
    const finished = runToJson(await app.runOnce(config, options));
    await printer.finish(finished.error?.message);
    const code = await reportRun(terminal, finished, flags.json ?? false);
    return interrupts.first.aborted ? 130 : code;
  } finally {
    interrupts.close();
  }
}

/** The absolute path of a script. @throws {AppError} NOT_FOUND. */
async function findScript(target: string, cwd: string, config: Config): Promise<string> {
  const file = resolve(cwd, target);
  const found = await isFile(file);
  if (found) return file;
  if (found === false) throw new AppError("NOT_FOUND", `${file} is not a file`);
  const inPipelines = resolve(config.pipelines, target);
  const name = withoutPipelineExtension(target);
  throw new AppError("NOT_FOUND", `the file ${file} does not exist`, {
    hint: (await isFile(inPipelines))
      ? `write \`${name}\` for the pipeline, or \`${relative(cwd, inPipelines)}\` for its file`
      : "name a file, or a pipeline without its extension",
  });
}

/** Undefined where there is nothing. A file that may not be looked at is left to whoever reads it. */
async function isFile(path: string): Promise<boolean | undefined> {
  try {
    return (await stat(path)).isFile();
  } catch (thrown) {
    const code = thrown instanceof Error && "code" in thrown ? thrown.code : undefined;
    return code === "ENOENT" || code === "ENOTDIR" ? undefined : true;
  }
}
