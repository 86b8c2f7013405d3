// `runner check`: loads every pipeline and prints what is wrong, without a server.

import type { Command } from "commander";
import { relative, join } from "node:path";
import { errorClasses } from "../core/app-error.ts";
import type { Problem } from "../pipelines/pipelines.ts";
import { addConfigFlags, loadCommandConfig, type ConfigFlags } from "./config-flags.ts";
import type { CommandContext } from "./command-context.ts";
import { printable } from "./printable.ts";

export function addCheckCommand(program: Command, context: CommandContext): void {
  const command = program.command("check").description("load every pipeline and print each problem, without a server");
  addConfigFlags(command, ["pipelines"])
    .option("--json", "print one line of JSON: { pipelines, problems }")
    .action(async (flags: ConfigFlags) => context.end(await check(flags, context)));
}

async function check(flags: ConfigFlags, context: CommandContext): Promise<number> {
  const { out, err } = context.terminal;
  const { config } = await loadCommandConfig(context, flags);
  const { pipelines } = await (await context.loadApp()).checkPipelines(config);
  const problems = pipelines.flatMap((pipeline) => pipeline.problems);
  const errors = problems.filter(({ severity }) => severity === "error").length;
  if (flags["json"]) {
    const list = pipelines.map(({ id, file, state }) => ({ id, file, state }));
    await out.line(JSON.stringify({ pipelines: list, problems }));
  } else {
    const shownDir = relative(context.cwd, config.pipelines);
    for (const problem of problems) {
      await out.line(formatProblem(shownDir, problem));
      if (problem.hint) await out.line(`  ${out.paint("dim", "hint:")} ${printable(problem.hint)}`);
    }
    await err.line(summarise(pipelines.length, problems.length, errors));
  }
  return errors > 0 ? errorClasses.invalid.exitCode : 0;
}

/** `file:line:column message`, the file as one would open it from the current folder. */
function formatProblem(dir: string, { file, line, column, severity, message }: Problem): string {
  const place = [join(dir, file), line, line === null ? null : column].filter((part) => part !== null).join(":");
  return printable(`${place} ${severity === "warning" ? "warning: " : ""}${message}`);
}

function summarise(pipelines: number, problems: number, errors: number): string {
  const count = (amount: number, word: string): string => `${amount} ${word}${amount === 1 ? "" : "s"}`;
  if (errors > 0) return `${count(pipelines, "pipeline")}, ${count(errors, "error")}`;
  const warnings = problems > 0 ? `, ${count(problems, "warning")}` : "";
  return `${count(pipelines, "pipeline")} ok${warnings}`;
}
