// `runner resources`: what is known of the resources of YAML pipelines, and a check before it is time.

import type { Command } from "commander";
import { AppError } from "../core/app-error.ts";
import { resourceNotFound } from "../core/resource-not-found.ts";
import { formatAgo } from "./age.ts";
import { addClientFlags, connect, type ClientFlags } from "./client-flags.ts";
import type { CommandContext } from "./command-context.ts";
import type { ResourceSummary, ResourceVersionSummary } from "./pipeline-verbs.ts";
import { printable } from "./printable.ts";
import { formatTable } from "./table.ts";
import type { OutputStream } from "./terminal.ts";

interface ResourcesFlags extends ClientFlags {
  readonly check?: true;
  readonly json?: true;
}

export function addResourcesCommand(program: Command, context: CommandContext): void {
  addClientFlags(
    program
      .command("resources [PIPELINE] [RESOURCE]")
      .description("list resources of YAML pipelines, check them before it is time; of one, its versions"),
  )
    .option("--check", "check those of PIPELINE now, and wait for that")
    .option("--json", "print one line of JSON: { resources }")
    .action(async (pipeline: string | undefined, name: string | undefined, flags: ResourcesFlags) => {
      const { out, err } = context.terminal;
      const client = await connect(context, flags);
      let resources: readonly ResourceSummary[];
      if (flags.check === undefined) resources = await client.listResources(pipeline);
      else {
        if (pipeline === undefined) {
          throw new AppError("USAGE", "--check needs the pipeline whose resources are checked", {
            hint: "for example: runner resources ci --check",
          });
        }
        if (!flags.json) await err.line(`checking the resources of ${printable(pipeline)} …`);
        resources = await client.checkResources(pipeline, name);
      }
      const shown = name === undefined ? resources : resources.filter((each) => each.name === name);
      if (name !== undefined && shown.length === 0) throw resourceNotFound(pipeline ?? "", name, resources);
      if (flags.json) await out.line(JSON.stringify({ resources: shown }));
      else if (shown.length === 0) await err.line("no resources");
      else await out.line(describe(shown, name !== undefined, out, context.now()));
      const hasFailed = flags.check === true && shown.some(({ last_check: last }) => (last?.error ?? null) !== null);
      context.end(hasFailed ? 1 : 0);
    });
}

function describe(
  resources: readonly ResourceSummary[],
  withVersions: boolean,
  out: OutputStream,
  now: number,
): string {
  const heads = ["PIPELINE", "RESOURCE", "TYPE", "CHECKED", "NEWEST VERSION", "PASSED"];
  const rows = resources.map((resource) => cellsOf(resource, out, now));
  const lines = [...formatTable([heads.map((head) => out.paint("dim", head)), ...rows])];
  for (const { name, last_check: last } of resources) {
    if (last?.error) lines.push("", out.paint("red", `${printable(name)}: ${printable(last.error)}`));
  }
  if (withVersions) for (const { versions } of resources) lines.push(...describeVersions(versions, out, now));
  return lines.join("\n");
}

function cellsOf(resource: ResourceSummary, out: OutputStream, now: number): readonly string[] {
  const { pipeline, name, type, versions } = resource;
  const [newest] = versions;
  return [
    printable(pipeline),
    printable(name),
    type,
    describeCheck(resource, out, now),
    newest === undefined ? "none yet" : formatVersion(newest),
    newest === undefined ? "" : formatPassed(newest),
  ];
}

function describeCheck(resource: ResourceSummary, out: OutputStream, now: number): string {
  const { last_check: last, check_every_ms: everyMs, paused } = resource;
  if (paused) return out.paint("yellow", "paused");
  if (last === null) return everyMs === null ? "only when asked for" : "not yet";
  const ago = formatAgo(now - Date.parse(last.at));
  return last.error === null ? ago : out.paint("red", `failed ${ago}`);
}

function describeVersions(
  versions: readonly ResourceVersionSummary[],
  out: OutputStream,
  now: number,
): readonly string[] {
  const heads = ["VERSION", "FOUND", "PASSED"].map((head) => out.paint("dim", head));
  const rows = versions.map((each) => [
    formatVersion(each),
    formatAgo(now - Date.parse(each.found_at)),
    formatPassed(each),
  ]);
  return rows.length === 0 ? [] : ["", ...formatTable([heads, ...rows])];
}

/** A commit by its first ten digits. */
function formatVersion({ version }: ResourceVersionSummary): string {
  const parts = Object.entries(version).map(([key, value]) => {
    const text = /^[0-9a-f]{40,64}$/.test(value) ? value.slice(0, 10) : value;
    return `${printable(key)} ${printable(text)}`;
  });
  return parts.join(", ").slice(0, 80);
}

function formatPassed({ passed }: ResourceVersionSummary): string {
  return passed.map(({ job }) => printable(job)).join(", ");
}
