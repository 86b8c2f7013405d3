// The input of a run as flags: --param k=v and --arg x, each as often as needed.

import type { Command } from "commander";
import { AppError } from "../core/app-error.ts";

export interface InputFlags {
  readonly param?: readonly string[];
  readonly arg?: readonly string[];
}

export interface RunInput {
  readonly params: Readonly<Record<string, string>>;
  readonly args: readonly string[];
}

export function addInputFlags(command: Command): Command {
  const collect = (value: string, earlier: readonly string[] | undefined): readonly string[] => [
    ...(earlier ?? []),
    value,
  ];
  return command
    .option("--param <NAME=VALUE>", "a parameter of the pipeline; may be repeated", collect)
    .option("--arg <VALUE>", "an argument, in order, for pipelineContext.args; may be repeated", collect);
}

/** @throws {AppError} USAGE when a parameter is not NAME=VALUE or is given twice. */
export function parseInput({ param = [], arg = [] }: InputFlags): RunInput {
  return { params: parseParams(param), args: arg };
}

function parseParams(pairs: readonly string[]): RunInput["params"] {
  const params = new Map<string, string>();
  for (const pair of pairs) {
    const at = pair.indexOf("=");
    const name = pair.slice(0, at);
    if (at < 1) {
      throw new AppError("USAGE", `--param ${JSON.stringify(pair)} has no name and value`, {
        hint: "write --param NAME=VALUE",
      });
    }
    if (params.has(name)) throw new AppError("USAGE", `--param ${JSON.stringify(name)} is given twice`);
    params.set(name, pair.slice(at + 1));
  }
  return Object.fromEntries(params);
}
