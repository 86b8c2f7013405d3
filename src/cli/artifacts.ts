// `runner artifacts`: the files that a run has kept as a table, or one of them.

import type { Command } from "commander";
import { formatByteSize } from "../core/byte-size.ts";
import type { ArtifactJson } from "../core/run-json.ts";
import { formatAge } from "./age.ts";
import { addClientFlags, connect, type ClientFlags } from "./client-flags.ts";
import type { CommandContext } from "./command-context.ts";
import { saveDownload, writeDownload } from "./download.ts";
import { listenForInterrupts } from "./interrupts.ts";
import { printable } from "./printable.ts";
import { formatTable } from "./table.ts";

interface ArtifactsFlags extends ClientFlags {
  readonly output?: string;
  readonly force?: true;
  readonly json?: true;
}

export function addArtifactsCommand(program: Command, context: CommandContext): void {
  addClientFlags(program.command("artifacts <RUN> [NAME]").description("list the files that a run kept, or get one"))
    .option("-o, --output <FILE>", "where to put it, - for stdout (default: its name, in the current folder)")
    .option("--force", "replace a file that is there already")
    .option("--json", "print the list as one line of JSON")
    .action(async (runId: string, name: string | undefined, flags: ArtifactsFlags) => {
      context.end(await (name === undefined ? list(runId, flags, context) : get(runId, name, flags, context)));
    });
}

async function list(runId: string, flags: ArtifactsFlags, context: CommandContext): Promise<number> {
  const { out, err } = context.terminal;
  const { artifacts } = await (await connect(context, flags)).getRun(runId);
  if (flags.json) await out.line(JSON.stringify({ artifacts }));
  else if (artifacts.length === 0) await err.line("no artifacts");
  else {
    const heads = ["NAME", "SIZE", "AGE"].map((head) => out.paint("dim", head));
    await out.line(formatTable([heads, ...artifacts.map((artifact) => cellsOf(artifact, context.now()))]).join("\n"));
  }
  return 0;
}

function cellsOf({ name, bytes, created_at: createdAt }: ArtifactJson, now: number): readonly string[] {
  return [printable(name), formatByteSize(bytes), formatAge(now - Date.parse(createdAt))];
}

async function get(runId: string, name: string, flags: ArtifactsFlags, context: CommandContext): Promise<number> {
  const { out, err } = context.terminal;
  const client = await connect(context, flags);
  const interrupts = listenForInterrupts(1, err);
  try {
    const pieces = client.readArtifact(runId, name, interrupts.first);
    if (flags.output === "-") return (await writeDownload(pieces, out)) ? 0 : 141;
    const file = { cwd: context.cwd, name: flags.output ?? name, force: flags.force ?? false };
    const { path, bytes } = await saveDownload(pieces, file);
    await err.line(`${printable(path)} ${err.paint("dim", `(${formatByteSize(bytes)})`)}`);
    return 0;
  } catch (error) {
    if (!interrupts.first.aborted) throw error;
    return 130;
  } finally {
    interrupts.close();
  }
}
