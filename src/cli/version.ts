// `runner version`: what this binary is.

import type { Command } from "commander";
import packageFile from "../../package.json" with { type: "json" };
import type { CommandContext } from "./command-context.ts";

export const version = packageFile.version;

export function addVersionCommand(program: Command, context: CommandContext): void {
  program
    .command("version")
    .description("print the version")
    .option("--json", "print one line of JSON")
    .action(async (flags: { readonly json?: true }) => {
      const facts = { version, bun: Bun.version, platform: process.platform, arch: process.arch };
      const text = `runner ${version} (bun ${facts.bun}, ${facts.platform}-${facts.arch})`;
      await context.terminal.out.line(flags.json ? JSON.stringify(facts) : text);
      context.end(0);
    });
}
