// Configuration: flags > environment > runner.toml > default, read once into one frozen Config. This is the only file
// that reads process.env; config/ has the table of settings.

import { feature } from "bun:bundle";
import { join, relative, resolve } from "node:path";
import { AppError } from "./core/app-error.ts";
import { didYouMean } from "./core/did-you-mean.ts";
import {
  configTable,
  settings,
  type Setting,
  type Settings,
  type SettingKey,
  type SettingNames,
} from "./config/settings.ts";
import { type ConfigTables, noTables, readTables, tableNames } from "./config/config-tables.ts";
import { loadTomlFile, type TomlFile } from "./config/toml-file.ts";
import type { SettingInput } from "./config/setting-parsers.ts";

export { configTable, settings, type Setting, type SettingKey, type SettingNames } from "./config/settings.ts";
export type { ConfigTables } from "./config/config-tables.ts";

/** Every effective setting, and the tables of runner.toml. */
export type Config = Settings & ConfigTables;

export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment of this process, for whatever needs a variable of it. */
export const environment: Environment = process.env;

export interface ConfigSources {
  /** By key of the setting; undefined where the flag was not given. */
  readonly flags: Readonly<Record<string, unknown>>;
  /** `--config`. */
  readonly configFile: string | undefined;
  readonly environment: Environment;
  readonly cwd: string;
  readonly cores: number;
}

/** Where a value came from: `--port`, `RUNNER_PORT`, `runner.toml:3`, or `default`. */
export interface Origin {
  readonly source: "flag" | "environment" | "file" | "default";
  readonly name: string;
}

export interface ConfigProblem {
  readonly where: string;
  readonly message: string;
  readonly hint: string | null;
}

export interface LoadedConfig {
  readonly config: Config;
  readonly origins: Readonly<Record<SettingKey, Origin>>;
  /** Absolute path of the runner.toml in use. */
  readonly file: string | null;
  /** Variables that begin with RUNNER_ and mean nothing to us. */
  readonly warnings: readonly string[];
}

/** Variables that begin with RUNNER_, are ours, and are no settings: of the command line. */
const ownVariables = ["RUNNER_CONFIG", "RUNNER_SERVER"];
/** Names the binary for this project's own tests, and is inherited by what they start. */
const testVariables = feature("FAULTS") ? ["RUNNER_BINARY", "RUNNER_FAULT"] : ["RUNNER_BINARY"];
/** Set by our own steps for their commands, together with RUNNER_RUN_ID. */
const stepVariables = ["RUNNER_RUN_ID", "RUNNER_STEP_ID", "RUNNER_PIPELINE"];
/** Set by GitHub's, Gitea's and Forgejo's runners for every job. */
const foreignVariables = [
  "OS",
  "ARCH",
  "NAME",
  "TEMP",
  "TOOL_CACHE",
  "DEBUG",
  "ENVIRONMENT",
  "WORKSPACE",
  "USER",
  "HOME",
].map((name) => `RUNNER_${name}`);

/**
 * The effective configuration.
 * @throws {AppError} CONFIG_INVALID naming every problem of every source, also of values that another overrides.
 */
export async function loadConfig(sources: ConfigSources): Promise<LoadedConfig> {
  const problems: ConfigProblem[] = [];
  const toml = await loadToml(sources, problems);
  const warnings = checkEnvironment(sources.environment, problems);
  const values: Partial<Record<SettingKey, unknown>> = {};
  const origins: Partial<Record<SettingKey, Origin>> = {};
  for (const names of configTable) {
    const { parse, defaultValue } = settings[names.key] as Setting<unknown>;
    const given = givenValues(names, sources, toml).flatMap(({ input, baseDir, origin }) => {
      try {
        return [{ origin, value: parse(input, baseDir) }];
      } catch (thrown) {
        problems.push(problemOf(origin.name, thrown));
        return [];
      }
    });
    const dataDir = typeof values.dataDir === "string" ? values.dataDir : sources.cwd;
    const surroundings = { cwd: sources.cwd, cores: sources.cores, dataDir };
    const winner = given[0];
    values[names.key] = winner ? winner.value : defaultValue(surroundings);
    origins[names.key] = winner ? winner.origin : { source: "default", name: "default" };
  }
  const tables = toml === undefined ? noTables : readTables(toml, addTo(problems, toml, sources.cwd));
  if (problems.length > 0) throw invalid(problems);
  return {
    config: Object.freeze({ ...(values as Settings), ...tables }),
    origins: origins as Record<SettingKey, Origin>,
    file: toml?.file ?? null,
    warnings,
  };
}

interface Given {
  readonly input: SettingInput;
  readonly baseDir: string;
  readonly origin: Origin;
}

/** The values given for one setting, strongest first. An empty variable counts as not set. */
function givenValues(names: SettingNames, sources: ConfigSources, toml: TomlFile | undefined): readonly Given[] {
  const given: Given[] = [];
  const flag = sources.flags[names.key];
  const variable = sources.environment[names.env];
  if (names.flag && isInput(flag)) {
    given.push({ input: flag, baseDir: sources.cwd, origin: { source: "flag", name: names.flag } });
  }
  if (variable)
    given.push({ input: variable, baseDir: sources.cwd, origin: { source: "environment", name: names.env } });
  const entry = toml?.entries.find(({ key }) => key === names.toml);
  if (toml && entry && isInput(entry.value)) {
    given.push({
      input: entry.value,
      baseDir: toml.baseDir,
      origin: { source: "file", name: place({ file: toml.file, cwd: sources.cwd }, entry.line) },
    });
  }
  return given;
}

async function loadToml(sources: ConfigSources, problems: ConfigProblem[]): Promise<TomlFile | undefined> {
  const named = sources.configFile ?? (sources.environment["RUNNER_CONFIG"] || undefined);
  const file = named === undefined ? join(sources.cwd, "runner.toml") : resolve(sources.cwd, named);
  const toml = await loadTomlFile(file);
  if (!toml && named !== undefined) {
    const where = sources.configFile === undefined ? "RUNNER_CONFIG" : "--config";
    problems.push({ where, message: `the file ${file} does not exist`, hint: null });
  }
  if (toml) checkToml(toml, sources.cwd, problems);
  return toml;
}

function addTo(problems: ConfigProblem[], { file }: TomlFile, cwd: string): Parameters<typeof readTables>[1] {
  return (line, message, hint) => problems.push({ where: place({ file, cwd }, line), message, hint });
}

function checkToml(toml: TomlFile, cwd: string, problems: ConfigProblem[]): void {
  const at = (line: number | null): string => place({ file: toml.file, cwd }, line);
  for (const { line, message } of toml.problems) problems.push({ where: at(line), message, hint: null });
  const known = configTable.flatMap((names) => names.toml ?? []);
  const seen = new Set<string>();
  for (const { key, value, line } of toml.entries) {
    const add = (message: string, hint: string | null): void => {
      problems.push({ where: at(line), message, hint });
    };
    if (tableNames.includes(key)) continue;
    if (!known.includes(key)) add(`unknown key ${JSON.stringify(key)}`, unknownHint(key, known));
    else if (!isInput(value)) add(`${key} is a table, a list or a date`, "write a text, a number, true or false");
    else if (seen.has(key)) add(`${key} is set twice`, null);
    seen.add(key);
  }
}

function unknownHint(key: string, known: readonly string[]): string {
  if (key === "token") return "the token is a secret: set RUNNER_TOKEN in the environment, or use the token file";
  const nearest = didYouMean(key, known);
  return nearest ? `did you mean ${JSON.stringify(nearest)}?` : "`runner config` lists every key";
}

/** A variable one typing error away from ours is a problem; another program's is worth no more than a warning. */
function checkEnvironment(variables: Environment, problems: ConfigProblem[]): readonly string[] {
  const known = [...configTable.map(({ env }) => env), ...ownVariables];
  const inStep = variables["RUNNER_RUN_ID"] !== undefined;
  const harmless = [...known, ...testVariables, ...foreignVariables, ...(inStep ? stepVariables : [])];
  const unknown = Object.keys(variables).filter((name) => name.startsWith("RUNNER_") && !harmless.includes(name));
  const shortNames = known.map((name) => name.slice("RUNNER_".length));
  return unknown.flatMap((name) => {
    const nearest = didYouMean(name.slice("RUNNER_".length), shortNames);
    if (nearest === undefined) return [`${name} is set and is not a setting of runner: it has no effect`];
    problems.push({ where: name, message: "unknown variable", hint: `did you mean RUNNER_${nearest}?` });
    return [];
  });
}

function isInput(value: unknown): value is SettingInput {
  return typeof value === "string" || typeof value === "number" || typeof value === "boolean";
}

/** As one would open it from the current folder. */
function place({ file, cwd }: { readonly file: string; readonly cwd: string }, line: number | null): string {
  const way = relative(cwd, file);
  const shown = way.startsWith("..") ? file : way;
  return line === null ? shown : `${shown}:${line}`;
}

function problemOf(where: string, thrown: unknown): ConfigProblem {
  if (!(thrown instanceof AppError)) throw thrown;
  return { where, message: thrown.message, hint: thrown.hint ?? null };
}

function invalid(problems: readonly ConfigProblem[]): AppError {
  const lines = problems.map(({ where, message, hint }) => `  ${where}: ${message}${hint ? ` (${hint})` : ""}`);
  const count = problems.length === 1 ? "a problem" : `${problems.length} problems`;
  return new AppError("CONFIG_INVALID", [`the configuration has ${count}`, ...lines].join("\n"), {
    hint: "`runner serve --help` lists every setting",
    details: { problems },
  });
}
