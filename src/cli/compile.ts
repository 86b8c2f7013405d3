// `runner compile`: prints the script that a YAML file becomes, without a server.

import type { Command } from "commander";
import { basename } from "node:path";
import { AppError, errorClasses } from "../core/app-error.ts";
import { isYamlFile } from "../core/pipeline-file.ts";
import type { CommandContext } from "./command-context.ts";
import { readPipelineFile } from "./pipeline-file.ts";
import { printProblems } from "./problem-list.ts";

const help = `
Saved as a file of its own in the pipelines folder, the script does what the YAML file does.`;

export function addCompileCommand(program: Command, context: CommandContext): void {
  program
    .command("compile <FILE>")
    .description("print the script that a YAML file becomes, without a server")
    .option("--json", "print one line of JSON: { ok, code, problems }")
    .addHelpText("after", help)
    .action(async (path: string, flags: { readonly json?: true }) =>
      context.end(await compile(path, flags.json ?? false, context)),
    );
}

async function compile(path: string, json: boolean, context: CommandContext): Promise<number> {
  const { out, err } = context.terminal;
  if (!isYamlFile(path)) {
    const hint = "the name of a file that can be compiled ends in .yml or .yaml";
    throw new AppError("VALIDATION_FAILED", `${path} is not a YAML file`, { hint });
  }
  const { source } = await readPipelineFile(context.cwd, path);
  const compiled = (await context.loadApp()).compileFile(basename(path), source);
  const { ok, problems } = compiled;
  if (json) await out.line(JSON.stringify({ ok, code: compiled.ok ? compiled.code : null, problems }));
  else {
    await printProblems(problems, () => path, compiled.ok ? err : out);
    if (compiled.ok) await out.write(compiled.code);
  }
  return ok ? 0 : errorClasses.invalid.exitCode;
}
