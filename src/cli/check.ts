// `runner check`: loads every pipeline and prints what is wrong, without a server; or one file by a server, as an upload
// of it would be.

import type { Command } from "commander";
import { relative, join } from "node:path";
import { errorClasses } from "../core/app-error.ts";
import { withoutPipelineExtension } from "../core/pipeline-file.ts";
import { addClientFlags, connect, type ClientFlags } from "./client-flags.ts";
import { addConfigFlags, loadCommandConfig, type ConfigFlags } from "./config-flags.ts";
import type { CommandContext } from "./command-context.ts";
import { readPipelineFile } from "./pipeline-file.ts";
import { printProblems, type ShownProblem } from "./problem-list.ts";

interface CheckFlags extends ConfigFlags, ClientFlags {
  readonly name?: string;
}

const help = `
A FILE is sent to the server, which finds it there what it imports, and its secrets; nothing changes there.`;

export function addCheckCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("check [FILE]")
    .description(
      "load every pipeline and print each problem, without a server; or one file by the server, as an upload",
    );
  addClientFlags(addConfigFlags(command, ["pipelines"]))
    .option("--name <NAME>", "of FILE: the pipeline's name, like home/backup")
    .option("--json", "print one line of JSON: { pipelines, problems }; of FILE { ok, problems }")
    .addHelpText("after", help)
    .action(async (path: string | undefined, flags: CheckFlags) =>
      context.end(await (path === undefined ? checkAll(flags, context) : checkFile(path, flags, context))),
    );
}

async function checkAll(flags: ConfigFlags, context: CommandContext): Promise<number> {
  const { out, err } = context.terminal;
  const { config } = await loadCommandConfig(context, flags);
  const { pipelines } = await (await context.loadApp()).checkPipelines(config);
  const problems = pipelines.flatMap((pipeline) => pipeline.problems);
  const errors = countErrors(problems);
  if (flags["json"]) {
    const list = pipelines.map(({ id, file, state }) => ({ id, file, state }));
    await out.line(JSON.stringify({ pipelines: list, problems }));
  } else {
    const shownDir = relative(context.cwd, config.pipelines);
    await printProblems(problems, (file) => join(shownDir, file), out);
    await err.line(summarise(pipelines.length, problems.length, errors));
  }
  return errors > 0 ? errorClasses.invalid.exitCode : 0;
}

async function checkFile(path: string, flags: CheckFlags, context: CommandContext): Promise<number> {
  const { out, err } = context.terminal;
  const { source, extension, name: ownName } = await readPipelineFile(context.cwd, path);
  const name = withoutPipelineExtension(flags.name ?? ownName);
  const client = await connect(context, flags);
  const { ok, problems } = await client.checkPipeline(name, { source, extension });
  if (flags["json"]) await out.line(JSON.stringify({ ok, problems }));
  else {
    await printProblems(problems, (file) => (file === name + extension ? path : file), out);
    await err.line(summarise(1, problems.length, countErrors(problems)));
  }
  return ok ? 0 : errorClasses.invalid.exitCode;
}

function countErrors(problems: readonly ShownProblem[]): number {
  return problems.filter(({ severity }) => severity === "error").length;
}

function summarise(pipelines: number, problems: number, errors: number): string {
  const count = (amount: number, word: string): string => `${amount} ${word}${amount === 1 ? "" : "s"}`;
  if (errors > 0) return `${count(pipelines, "pipeline")}, ${count(errors, "error")}`;
  const warnings = problems > 0 ? `, ${count(problems, "warning")}` : "";
  return `${count(pipelines, "pipeline")} ok${warnings}`;
}
