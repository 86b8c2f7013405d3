// The door of cli/: argv to a command, errors to stderr, and the exit code.

import { Command, CommanderError } from "commander";
import { AppError, toAppError } from "../core/app-error.ts";
import { addApproveCommand } from "./approve.ts";
import { addArtifactsCommand } from "./artifacts.ts";
import { addCancelCommand } from "./cancel.ts";
import { addCheckCommand } from "./check.ts";
import { addCompileCommand } from "./compile.ts";
import type { CommandContext } from "./command-context.ts";
import { addCompletionCommand } from "./completion.ts";
import { addConfigCommand } from "./config.ts";
import { reportError } from "./error-report.ts";
import { addDenyCommand } from "./deny.ts";
import { addEvalCommand } from "./eval.ts";
import { addEventsCommand } from "./events.ts";
import { addInitCommand } from "./init.ts";
import { addListenCommand } from "./listen.ts";
import { addLogsCommand } from "./logs.ts";
import { addNotifyCommand } from "./notify.ts";
import { addPauseCommand } from "./pause.ts";
import { addReplayCommand } from "./replay.ts";
import { addRequestsCommand } from "./requests.ts";
import { addRerunCommand } from "./rerun.ts";
import { addRedeliverCommand } from "./redeliver.ts";
import { addRemovePipelineCommand } from "./remove-pipeline.ts";
import { addResumeCommand } from "./resume.ts";
import { addRunCommand } from "./run.ts";
import { addRunsCommand } from "./runs.ts";
import { addResourcesCommand } from "./resources.ts";
import { addSchedulesCommand } from "./schedules.ts";
import { addSecretCommand } from "./secret.ts";
import { addServeCommand } from "./serve.ts";
import { addSetPipelineCommand } from "./set-pipeline.ts";
import { addSignCommand } from "./sign.ts";
import { addSignalCommand } from "./signal.ts";
import { addTestCommand } from "./test.ts";
import { addTriggerCommand } from "./trigger.ts";
import { addVersionCommand, version } from "./version.ts";
import { addWebhookCommand } from "./webhook.ts";
import { addWebhooksCommand } from "./webhooks.ts";

export { openTerminal } from "./terminal.ts";
export type { AppVerbs, CommandContext } from "./command-context.ts";

const commands = [
  addInitCommand,
  addServeCommand,
  addTriggerCommand,
  addRunCommand,
  addRunsCommand,
  addLogsCommand,
  addEventsCommand,
  addArtifactsCommand,
  addCancelCommand,
  addApproveCommand,
  addDenyCommand,
  addSignalCommand,
  addSchedulesCommand,
  addResourcesCommand,
  addPauseCommand,
  addResumeCommand,
  addRerunCommand,
  addReplayCommand,
  addRequestsCommand,
  addRedeliverCommand,
  addWebhookCommand,
  addWebhooksCommand,
  addSignCommand,
  addListenCommand,
  addSetPipelineCommand,
  addRemovePipelineCommand,
  addSecretCommand,
  addNotifyCommand,
  addCheckCommand,
  addCompileCommand,
  addTestCommand,
  addEvalCommand,
  addConfigCommand,
  addCompletionCommand,
  addVersionCommand,
];

const help = `
Start with: runner init && runner serve, then in another terminal: runner trigger hello
Settings: runner serve --help, runner config`;

/** Executes a command line (without the program's own name) and resolves with the exit code; never rejects. */
export async function runCommandLine(argv: readonly string[], context: Omit<CommandContext, "end">): Promise<number> {
  const { out, err } = context.terminal;
  let exitCode = 0;
  const messages: string[] = [];
  const program = createProgram({ ...context, end: (code) => (exitCode = code) });
  for (const command of [program, ...program.commands]) {
    command.exitOverride().configureOutput({
      writeOut: (text) => messages.push(text),
      // Its messages come again with the CommanderError; only help asked for by nobody is printed from here.
      writeErr: (text) => messages.push(text),
      outputError: () => undefined,
      getOutHelpWidth: () => out.columns,
      getErrHelpWidth: () => err.columns,
    });
  }
  try {
    await program.parseAsync(argv, { from: "user" });
    return exitCode;
  } catch (error) {
    const stream = error instanceof CommanderError && error.exitCode === 0 ? out : err;
    await stream.write(messages.join(""));
    if (!(error instanceof CommanderError)) return await reportError(err, toAppError(error));
    if (error.exitCode === 0) return 0;
    return error.code === "commander.help" ? 2 : await reportError(err, usageError(error, program, argv));
  }
}

export interface CommandNames {
  /** As typed: `trigger <NAME>`. */
  readonly usage: string;
  readonly name: string;
  readonly aliases: readonly string[];
  readonly description: string;
}

/** Every command, for the table in the README. */
export function listCommands(context: CommandContext): readonly CommandNames[] {
  return createProgram(context).commands.map((command) => ({
    name: command.name(),
    usage: [command.name(), ...command.registeredArguments.map(argumentText)].join(" "),
    aliases: command.aliases(),
    description: command.description(),
  }));
}

function argumentText(argument: { readonly required: boolean; readonly variadic: boolean; name(): string }): string {
  const name = argument.name() + (argument.variadic ? "..." : "");
  return argument.required ? `<${name}>` : `[${name}]`;
}

function createProgram(context: CommandContext): Command {
  const program = new Command("runner")
    .description("Runs the scripts in pipelines/ on webhooks, at their times and by hand.")
    .version(version, "-V, --version", "print the version")
    .addHelpText("after", help);
  for (const add of commands) add(program, context);
  return program;
}

/** Commander's "error: unknown option '--prot'\n(Did you mean --port?)" as one of ours. */
function usageError(error: CommanderError, program: Command, [word = ""]: readonly string[]): AppError {
  const [first = "", ...rest] = error.message.replace(/^error: /, "").split("\n");
  const suggestion = rest.join(" ").replaceAll(/^\(|\)$/g, "");
  const command = program.commands.find((each) => each.name() === word || each.aliases().includes(word));
  const help =
    command === undefined ? "`runner --help` lists the commands" : `\`runner ${word} --help\` tells what it takes`;
  return new AppError("USAGE", first, { hint: suggestion || help });
}
