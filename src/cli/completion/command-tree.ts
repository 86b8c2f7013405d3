// What can be completed, read off commander's own commands: names, options, and what kind of value follows.

import type { Argument, Command, Option } from "commander";
import { builtInEventTypes } from "../../core/event.ts";

/** `none`: free text, nothing is offered. */
export type ValueKind = "files" | "folders" | "pipelines" | "pipelines-or-files" | "none" | readonly string[];

export interface CompletedOption {
  /** With their dashes: `--json`, `-V`. */
  readonly names: readonly string[];
  readonly description: string;
  /** null: the option takes no value. */
  readonly value: ValueKind | null;
}

export interface CompletedCommand {
  /** The name, then other names of the same command. */
  readonly names: readonly string[];
  readonly description: string;
  readonly options: readonly CompletedOption[];
  /** Of each argument, in order. */
  readonly args: readonly ValueKind[];
}

const helpOption: CompletedOption = { names: ["--help", "-h"], description: "print help", value: null };

/** Every command that `--help` shows. Options it hides there are accepted and not offered. */
export function readCommandTree(program: Command): readonly CompletedCommand[] {
  return program
    .createHelp()
    .visibleCommands(program)
    .filter((command) => command.name() !== "help")
    .map((command) => ({
      names: [command.name(), ...command.aliases()],
      description: command.description(),
      options: [...command.options.filter((option) => !option.hidden).map(readOption), helpOption],
      args: command.registeredArguments.map((argument) => kindOfArgument(command, argument)),
    }));
}

function readOption(option: Option): CompletedOption {
  const names = [option.long, option.short].filter((name) => typeof name === "string");
  const description = option.description.replace(/ \(default: .*\)$/, "");
  return { names, description, value: option.required || option.optional ? kindOf(option) : null };
}

function kindOf({ argChoices, flags, long }: Option): ValueKind {
  if (argChoices) return argChoices;
  const placeholder = /[<[](.+?)[>\]]/.exec(flags)?.[1];
  if (placeholder === undefined) return "none";
  if (placeholder === "DIR") return "folders";
  if (long === "--pipeline") return "pipelines";
  if (long === "--type") return builtInEventTypes;
  return /FILE/.test(placeholder) ? "files" : "none";
}

function kindOfArgument(command: Command, argument: Argument): ValueKind {
  if (argument.argChoices) return argument.argChoices;
  if (argument.name() === "DIR") return "folders";
  if (argument.name() === "FILE|NAME") return "pipelines-or-files";
  // An artifact's name, after its run, is none of a pipeline.
  if (argument.name() === "NAME") return command.registeredArguments[0] === argument ? "pipelines" : "none";
  return argument.name() === "FILE" ? "files" : "none";
}
