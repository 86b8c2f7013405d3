// `runner serve`: the server, from its start to the end that a signal asks for.

import { relative } from "node:path";
import type { Command } from "commander";
import type { Config } from "../config.ts";
import { createApiClient, type PipelineSummary } from "./api-client.ts";
import type { CommandContext, RunningServer } from "./command-context.ts";
import { addConfigFlags, loadCommandConfig, type ConfigFlags } from "./config-flags.ts";
import { printable } from "./printable.ts";
import { findStateDir, removeServerNote, writeServerNote } from "./server-notes.ts";
import { formatTable } from "./table.ts";
import type { OutputStream } from "./terminal.ts";
import { version } from "./version.ts";

/** Leaves a little of the 15 s that a service manager may count on. */
const stopDeadlineMs = 14_500;

export function addServeCommand(program: Command, context: CommandContext): void {
  const command = program.command("serve").alias("server").description("start the server");
  addConfigFlags(command).action(async (flags: ConfigFlags) => context.end(await serve(flags, context)));
}

async function serve(flags: ConfigFlags, context: CommandContext): Promise<number> {
  const { err } = context.terminal;
  const { config } = await loadCommandConfig(context, flags);
  const app = await context.loadApp();
  // Listened for before the start, so that a signal during it stops the server in order as soon as it is up.
  const signal = waitForSignal();
  const server = await app.startServer(config);
  const url = localUrl(server.url);
  const stateDir = findStateDir(context.environment);
  await noteAddress(stateDir, { ...config, url, token: server.token }, err);
  await printWelcome(context, config, server, url);
  await err.line(`${await signal}: stopping; a second signal ends at once`);
  await removeServerNote(stateDir, config.dataDir).catch(() => undefined);
  if (await isDoneWithin(server.stop(), stopDeadlineMs)) return 0;
  await err.line(`${err.paint("red", "error:")} the server did not stop within ${stopDeadlineMs / 1000} s`);
  return 1;
}

/** A server that cannot be found by itself is still a server. */
async function noteAddress(
  stateDir: string,
  { url, token, dataDir, pipelines }: Parameters<typeof writeServerNote>[1],
  err: OutputStream,
): Promise<void> {
  try {
    await writeServerNote(stateDir, { url, token, dataDir, pipelines });
  } catch (cause) {
    const reason = printable(cause instanceof Error ? cause.message : String(cause));
    const warning = `cannot note the address in ${stateDir}, so other commands need --server: ${reason}`;
    await err.line(`${err.paint("yellow", "warning:")} ${warning}`);
  }
}

/** The name of the first signal that asks us to stop; the second ends the process at once. */
function waitForSignal(): Promise<string> {
  const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
  return new Promise((resolve) => {
    let stopping = false;
    for (const [name, number] of Object.entries(numbers)) {
      process.on(name, () => {
        if (stopping) process.exit(128 + number);
        stopping = true;
        resolve(name);
      });
    }
  });
}

async function isDoneWithin(work: Promise<void>, ms: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<false>();
  const timer = setTimeout(() => resolve(false), ms);
  return await Promise.race([work.then(() => true), promise]).finally(() => clearTimeout(timer));
}

/** An address that works on this machine: nobody can connect to "any". */
function localUrl(url: string): string {
  return url.replace("//0.0.0.0", "//127.0.0.1").replace("//[::]", "//[::1]").replace(/\/+$/, "");
}

async function printWelcome(
  context: CommandContext,
  config: Config,
  server: RunningServer,
  url: string,
): Promise<void> {
  const { out } = context.terminal;
  const near = (path: string): string => {
    const way = relative(context.cwd, path);
    return way.startsWith("../") || way === "" ? path : way;
  };
  const address = { url, token: server.token, tokenFrom: "note" } as const;
  // The server is up: that its own list cannot be had must not end it.
  const pipelines = await createApiClient({ address, fetch: context.fetch })
    .listPipelines()
    .catch(() => []);
  const names = pipelines.map(
    ({ id, state }) => printable(id) + (state === "broken" ? out.paint("red", " (broken)") : ""),
  );
  const shown = names.length > 12 ? [...names.slice(0, 12), `and ${names.length - 12} more`] : names;
  const rows = [
    ["address", server.url.startsWith(url) ? url : `${url} (all interfaces)`],
    ["token", server.tokenPath === null ? "from RUNNER_TOKEN" : near(server.tokenPath)],
    ["pipelines", shown.length > 0 ? shown.join(", ") : `none yet: save a script in ${near(config.pipelines)}`],
  ];
  const examples = findExamples(pipelines, url, server.tokenPath);
  rows.push(...examples.map((example, index) => [index === 0 ? "try" : "", example]));
  await out.line(`${out.paint("bold", "runner")} ${version}`);
  await out.line(formatTable(rows.map(([name = "", value = ""]) => [out.paint("dim", name), value])).join("\n"));
}

/** Two commands that work as they are when pasted into a shell; none where no pipeline would run. */
function findExamples(pipelines: readonly PipelineSummary[], url: string, tokenPath: string | null): readonly string[] {
  const ready = pipelines.filter(({ id, state }) => state === "ok" && /^[\w./-]+$/.test(id));
  const open = ready.find(({ config }) => config?.webhook?.signed === false) ?? ready[0];
  if (!open) return [];
  const webhook = open.config?.webhook;
  const token =
    tokenPath === null ? '"Authorization: Bearer $RUNNER_TOKEN"' : `"Authorization: Bearer $(cat '${tokenPath}')"`;
  const curl =
    webhook?.signed === false
      ? `curl -X POST ${url}${webhook.path}`
      : `curl -X POST -H ${token} ${url}/api/pipelines/${encodeURIComponent(open.id)}/trigger`;
  return [`runner trigger ${open.id}`, curl];
}
