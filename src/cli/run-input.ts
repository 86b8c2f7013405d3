// The input of a run as flags: values by --param, --var or --yaml-var, --arg and --job, each as often as needed.

import type { Command } from "commander";
import { AppError } from "../core/app-error.ts";
import type { JsonValue } from "../core/json.ts";

export interface InputFlags {
  readonly param?: readonly string[];
  readonly var?: readonly string[];
  readonly yamlVar?: readonly string[];
  readonly arg?: readonly string[];
  readonly job?: readonly string[];
}

export interface RunInput {
  readonly params: Readonly<Record<string, JsonValue>>;
  readonly args: readonly string[];
  readonly jobs: readonly string[];
}

export function addInputFlags(command: Command): Command {
  const collect = (value: string, earlier: readonly string[] | undefined): readonly string[] => [
    ...(earlier ?? []),
    value,
  ];
  return command
    .option("--param <NAME=VALUE>", "a parameter of the pipeline; may be repeated", collect)
    .option("--var <NAME=VALUE>", "the same, of a YAML pipeline; may be repeated", collect)
    .option("--yaml-var <NAME=YAML>", "the same with any data, as --yaml-var 'ports=[80, 443]'", collect)
    .option("--arg <VALUE>", "an argument, in order, for pipelineContext.args; may be repeated", collect)
    .option("--job <NAME>", "only this job and those that need it; may be repeated", collect);
}

/** @throws {AppError} USAGE when a value is not NAME=VALUE, is given twice, or is no YAML where it is to be. */
export function parseInput({ param = [], var: vars = [], yamlVar = [], arg = [], job = [] }: InputFlags): RunInput {
  const given = [
    ...param.map((pair) => parsePair("--param", pair)),
    ...vars.map((pair) => parsePair("--var", pair)),
    ...yamlVar.map((pair) => parsePair("--yaml-var", pair)),
  ];
  const params = new Map<string, JsonValue>();
  for (const { flag, name, text } of given) {
    if (params.has(name)) throw new AppError("USAGE", `${flag} ${JSON.stringify(name)} is given twice`);
    params.set(name, flag === "--yaml-var" ? parseYaml(name, text) : text);
  }
  return { params: Object.fromEntries(params), args: arg, jobs: job };
}

interface GivenPair {
  readonly flag: string;
  readonly name: string;
  readonly text: string;
}

function parsePair(flag: string, pair: string): GivenPair {
  const at = pair.indexOf("=");
  if (at >= 1) return { flag, name: pair.slice(0, at), text: pair.slice(at + 1) };
  throw new AppError("USAGE", `${flag} ${JSON.stringify(pair)} has no name and value`, {
    hint: `write ${flag} NAME=${flag === "--yaml-var" ? "YAML" : "VALUE"}`,
  });
}

function parseYaml(name: string, text: string): JsonValue {
  try {
    // As it is sent, so that what JSON lacks is not given as something else.
    return JSON.parse(JSON.stringify(Bun.YAML.parse(text) ?? null)) as JsonValue;
  } catch (thrown) {
    const reason = thrown instanceof Error ? thrown.message : String(thrown);
    throw new AppError("USAGE", `--yaml-var ${JSON.stringify(name)} is no YAML: ${reason}`);
  }
}
