// `runner init`: what a new server begins with, written into a folder; with --systemd the unit that starts it.

import type { Command } from "commander";
import { join, relative, resolve } from "node:path";
import { loadConfig } from "../config.ts";
import { AppError } from "../core/app-error.ts";
import type { CommandContext } from "./command-context.ts";
import { readEmbeddedFiles } from "./init/embedded-files.ts" with { type: "macro" };
import { renderSettingsFile } from "./init/settings-file.ts";
import { renderUnitFile } from "./init/unit-file.ts";
import { isWithoutScripts, writeNewFile, type NewFile } from "./init/write-files.ts";
import { printable } from "./printable.ts";
import { findProgramName, quote, type Program } from "./program-name.ts";
import { formatTable } from "./table.ts";

interface InitFlags {
  readonly systemd?: true;
}

const embedded = readEmbeddedFiles();
const typesMark = "// Written by `runner init`";

export function addInitCommand(program: Command, context: CommandContext): void {
  program
    .command("init [DIR]")
    .description("write a first pipeline, types for editors and runner.toml; nothing is overwritten")
    .option("--systemd", "print a unit for systemd that starts the server in DIR; nothing is written")
    .action(async (dir: string | undefined, flags: InitFlags) => {
      const folder = resolve(context.cwd, dir ?? ".");
      await (flags.systemd ? printUnit(folder, context) : init(folder, context));
      context.end(0);
    });
}

async function init(folder: string, context: CommandContext): Promise<void> {
  const { out } = context.terminal;
  const { environment, cores } = context;
  // Where `serve` will look for them, which a runner.toml that is there may have changed.
  const loaded = await loadConfig({ flags: {}, configFile: undefined, environment, cwd: folder, cores });
  const { pipelines } = loaded.config;
  const types = { path: join(pipelines, "runner.d.ts"), text: embedded.types, generatedBy: typesMark };
  const tsconfig = { path: join(pipelines, "tsconfig.json"), text: embedded.tsconfig };
  const hello = { path: join(pipelines, "hello.ts"), text: embedded.hello };
  const settings = { path: join(folder, "runner.toml"), text: renderSettingsFile(cores) };
  const isNew = await isWithoutScripts(pipelines, ["runner.d.ts", "tsconfig.json", "hello.ts"]);
  const files: readonly NewFile[] = [...(isNew ? [hello] : []), types, tsconfig, settings];
  for (const file of files) {
    const fate = await writeNewFile(file);
    await out.line(`${fate.padEnd("written".length)}  ${printable(shown(file.path, context.cwd))}`);
  }
  await out.line(`\n${formatTable(await nextCommands(folder, isNew, context)).join("\n")}`);
}

/** As one would name it from the current folder. */
function shown(path: string, cwd: string): string {
  const way = relative(cwd, path);
  return way.startsWith("../") || way === "" ? path : way;
}

async function nextCommands(folder: string, isNew: boolean, context: CommandContext): Promise<string[][]> {
  const { program, environment, cwd } = context;
  const name = await findProgramName(program, environment);
  const enter = folder === cwd ? "" : `cd ${quote(shown(folder, cwd))} && `;
  // A relative path to the program leads nowhere from another folder.
  const inside = folder === cwd || !name.includes("/") ? name : absoluteWords(program).map(quote).join(" ");
  return [
    ["next", `${enter}${inside} serve`],
    ["then", isNew ? `${name} trigger hello` : `${name} check`, isNew ? "(in another terminal)" : ""],
  ];
}

async function printUnit(folder: string, { program, terminal }: CommandContext): Promise<void> {
  const words = absoluteWords(program);
  // A line break in a name would begin a setting of its own.
  const unfit = [folder, ...words].find((path) => /\p{Cc}/u.test(path));
  if (unfit !== undefined) {
    throw new AppError("USAGE", `no unit can name the path ${JSON.stringify(unfit)}: it has control characters`, {
      hint: "rename the folder",
    });
  }
  await terminal.out.write(renderUnitFile({ program: words, folder }));
}

/** How to start this program from anywhere: the executable, or the script with what executes it. */
function absoluteWords({ startedAs, file }: Program): readonly string[] {
  return startedAs.length > 1 ? [process.execPath, file] : [file];
}
