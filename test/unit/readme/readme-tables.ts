// The tables of the README that the code decides; run as a program it writes them into README.md anew.

import { listCommands, type CommandContext } from "../../../src/cli/cli.ts";
import { configTable } from "../../../src/config.ts";
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
  return formatTable(["command", "what it does"], rows);
}

function settingTable(): string {
  const rows = configTable.map(({ flag, placeholder, env, toml, defaultText, description }) => [
    flag === null ? "" : code(placeholder === null ? flag : `${flag} ${placeholder}`),
    code(env),
    toml === null ? "" : code(toml),
    defaultText,
    description,
  ]);
  return formatTable(["flag of `serve`", "environment", "`runner.toml`", "default", "what it is"], rows);
}

function code(text: string): string {
  return `\`${text}\``;
}

/** As `bun fmt` has it: columns as wide as their widest cell. */
function formatTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  // Within a table a bar ends the cell, also in code.
  const cells = [head, ...rows.map((row) => row.map((cell) => cell.replaceAll("|", "\\|")))];
  const widths = head.map((_, column) => Math.max(3, ...cells.map((row) => row[column]?.length ?? 0)));
  const lines = [cells[0] ?? [], widths.map((width) => "-".repeat(width)), ...cells.slice(1)].map((row) =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(" | "),
  );
  return lines.map((line) => `| ${line} |`).join("\n");
}

/** @throws when the text has no such table, or more than one. */
function replaceTable(text: string, name: string, table: string): string {
  const [before, after, ...more] = text.split(new RegExp(`(?<=<!-- ${name} -->\\n\\n)(?:\\|.*\\n)*`));
  if (before === undefined || after === undefined || more.length > 0) {
    throw new Error(`README.md needs one place for a table after <!-- ${name} --> and an empty line`);
  }
  return `${before}${table}\n${after}`;
}

if (import.meta.main) await Bun.write(readmeFile, renderTables(readme));
