// The tables of the README that the code decides; run as a program it writes them into README.md anew.

import { listCommands, type CommandContext } from "../../../src/cli/cli.ts";
import { configTable } from "../../../src/config.ts";
import { formatMarkdownTable, replaceTable } from "../../fixtures/readme/markdown-table.ts";
import { readme, readmeFile } from "../../fixtures/readme/readme.ts";

/** The text with the tables as they have to be; each follows `<!-- NAME -->`. */
export function renderTables(text: string): string {
  return replaceTable(replaceTable(text, "commands", commandTable()), "config", settingTable());
}

function commandTable(): string {
  const rows = listCommands({} as CommandContext).map(({ usage, aliases, description }) => [
    [`runner ${usage}`, ...aliases.map((alias) => `runner ${alias}`)].map(code).join(", "),
    description,
  ]);
  return formatMarkdownTable(["command", "what it does"], rows);
}

function settingTable(): string {
  const rows = configTable.map(({ flag, placeholder, env, toml, defaultText, description }) => [
    flag === null ? "" : code(placeholder === null ? flag : `${flag} ${placeholder}`),
    code(env),
    toml === null ? "" : code(toml),
    defaultText,
    description,
  ]);
  return formatMarkdownTable(["flag of `serve`", "environment", "`runner.toml`", "default", "what it is"], rows);
}

function code(text: string): string {
  return `\`${text}\``;
}

if (import.meta.main) await Bun.write(readmeFile, renderTables(readme));
