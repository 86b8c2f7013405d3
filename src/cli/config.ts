// `runner config`: each effective setting and where it came from, secrets masked.

import type { Command } from "commander";
import { configTable, settings, type LoadedConfig, type SettingNames } from "../config.ts";
import { addConfigFlags, loadCommandConfig, type ConfigFlags } from "./config-flags.ts";
import type { CommandContext } from "./command-context.ts";
import { printable } from "./printable.ts";
import { formatTable } from "./table.ts";
import type { OutputStream } from "./terminal.ts";

export function addConfigCommand(program: Command, context: CommandContext): void {
  const command = program.command("config").description("print each effective setting and where it came from");
  addConfigFlags(command)
    .option("--json", "print one line of JSON: { KEY: { value, source, name } }")
    .action(async (flags: ConfigFlags) => {
      const { out } = context.terminal;
      const loaded = await loadCommandConfig(context, flags);
      await out.line(flags["json"] ? formatJson(loaded) : formatText(loaded, out));
      context.end(0);
    });
}

function formatValue({ config }: LoadedConfig, { key }: SettingNames): string {
  return (settings[key].format as (value: unknown) => string)(config[key]);
}

function formatText(loaded: LoadedConfig, out: OutputStream): string {
  const heads = ["SETTING", "VALUE", "FROM"].map((head) => out.paint("dim", head));
  const rows = configTable.map((names) => {
    const { source, name } = loaded.origins[names.key];
    const from = source === "default" ? out.paint("dim", name) : name;
    return [names.toml ?? names.key, printable(formatValue(loaded, names)), printable(from)];
  });
  return formatTable([heads, ...rows]).join("\n");
}

/** Durations are milliseconds and sizes bytes, as in the configuration itself; a secret is text that says no more. */
function formatJson(loaded: LoadedConfig): string {
  const entries = configTable.map((names) => {
    const value = loaded.config[names.key];
    const shown = names.secret || typeof value === "object" ? formatValue(loaded, names) : value;
    return [names.toml ?? names.key, { value: shown, ...loaded.origins[names.key] }];
  });
  return JSON.stringify(Object.fromEntries(entries));
}
