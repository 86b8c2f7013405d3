// The flags of the settings, on every command that reads the configuration.

import { Option, type Command } from "commander";
import { configTable, loadConfig, type LoadedConfig, type SettingKey } from "../config.ts";
import { printable } from "./printable.ts";
import type { CommandContext } from "./command-context.ts";

/** By key of the setting; a command's own flags among them do no harm. */
export type ConfigFlags = Readonly<Record<string, unknown>>;

/** Adds a flag for each setting; those not in `shown` work as well and are left out of the help. */
export function addConfigFlags(command: Command, shown?: readonly SettingKey[]): Command {
  command.option("--config <FILE>", "configuration file (default: ./runner.toml where it exists)");
  for (const { key, flag, placeholder, description, defaultText, choices } of configTable) {
    if (flag === null) continue;
    const value = placeholder === null ? "" : ` <${placeholder}>`;
    const option = new Option(`${flag}${value}`, `${description} (default: ${defaultText})`);
    // For help and completion alone: what is given is checked with the rest of the configuration.
    if (choices !== null) option.argChoices = [...choices];
    command.addOption(shown && !shown.includes(key) ? option.hideHelp() : option);
  }
  return command;
}

/**
 * The configuration of a command that was given these flags; warnings go to stderr.
 * @throws {AppError} CONFIG_INVALID.
 */
export async function loadCommandConfig(context: CommandContext, flags: ConfigFlags): Promise<LoadedConfig> {
  const loaded = await readCommandConfig(context, flags);
  const { err } = context.terminal;
  for (const warning of loaded.warnings) await err.line(`${err.paint("yellow", "warning:")} ${printable(warning)}`);
  return loaded;
}

/** The same without a word. @throws {AppError} CONFIG_INVALID. */
export async function readCommandConfig(context: CommandContext, flags: ConfigFlags): Promise<LoadedConfig> {
  return await loadConfig({
    flags,
    configFile: typeof flags["config"] === "string" ? flags["config"] : undefined,
    environment: context.environment,
    cwd: context.cwd,
    cores: context.cores,
  });
}
