// `runner test`: runs the tests that pipelines export, with every step answered by their tables and no effect.

import { stat } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import { AppError } from "../core/app-error.ts";
import { isPipelineFile } from "../core/pipeline-file.ts";
import { addConfigFlags, loadCommandConfig, type ConfigFlags } from "./config-flags.ts";
import type { CommandContext } from "./command-context.ts";
import { TestPrinter } from "./test-printer.ts";

interface TestFlags {
  readonly testNamePattern?: string;
  readonly json?: true;
}

const help = `
A pipeline exports its tests beside its function, as data:

  export const tests = {
    "deploys main": {
      request: { body: { ref: "refs/heads/main" } },
      steps: { build: { code: 0, stdout: "ok" }, deploy: [{ code: 1 }, { code: 0 }] },
      expect: { status: "succeeded", steps: ["build", "deploy", "deploy"] },
    },
  };

Nothing is done and no time passes. Exits with 0 where all passed, else with 1.`;

export function addTestCommand(program: Command, context: CommandContext): void {
  const command = program
    .command("test [FILE|NAME...]")
    .description("run the tests that pipelines export, with steps answered by a table and no effect");
  addConfigFlags(command, ["pipelines"])
    .option("-t, --test-name-pattern <PATTERN>", "only tests whose name this regular expression matches")
    .option("--json", "print one line of JSON: { passed, failed, files, results }")
    .addHelpText("after", help)
    .action(async (targets: readonly string[], flags: TestFlags & ConfigFlags) => {
      context.end(await runTests(targets, flags, context));
    });
}

async function runTests(
  given: readonly string[],
  flags: TestFlags & ConfigFlags,
  context: CommandContext,
): Promise<number> {
  const isWanted = parsePattern(flags.testNamePattern);
  const { config } = await loadCommandConfig(context, flags);
  const targets = await Promise.all(given.map((target) => locate(target, context.cwd)));
  const printer = new TestPrinter(context.terminal, flags.json ?? false);
  const app = await context.loadApp();
  await app.testPipelines(config, {
    targets,
    isWanted,
    onFile: async (file) => await printer.beginFile(file),
    onResult: async (result) => await printer.add(result),
  });
  return await printer.finish(flags.testNamePattern);
}

/** @throws {AppError} USAGE. */
function parsePattern(pattern: string | undefined): (name: string) => boolean {
  if (pattern === undefined) return () => true;
  try {
    const expression = new RegExp(pattern);
    return (name) => expression.test(name);
  } catch (cause) {
    throw new AppError("USAGE", `-t ${JSON.stringify(pattern)} is no regular expression`, { cause });
  }
}

/** The absolute path of a file; the name of a pipeline as it is. @throws {AppError} NOT_FOUND. */
async function locate(target: string, cwd: string): Promise<string> {
  if (!isPipelineFile(target)) return target;
  const file = resolve(cwd, target);
  const found = await stat(file).catch(() => null);
  if (found?.isFile()) return file;
  throw new AppError("NOT_FOUND", `the file ${file} does not exist`, {
    hint: "name a file, or a pipeline without its extension",
  });
}
