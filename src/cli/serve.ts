// `runner serve`: the server, from its start to the end that a signal asks for.

import type { Command } from "commander";
import type { CommandContext } from "./command-context.ts";
import { addConfigFlags, loadCommandConfig, type ConfigFlags } from "./config-flags.ts";
import { printable } from "./printable.ts";
import { findStateDir, removeServerNote, writeServerNote } from "./server-notes.ts";
import type { OutputStream } from "./terminal.ts";
import { printWelcome } from "./welcome.ts";

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
  const name = await signal;
  // A terminal has written ^C.
  if (name === "SIGINT" && err.isTerminal) await err.write("\n");
  await err.line(`${name}: stopping; a second signal ends at once`);
  await removeServerNote(stateDir, config.dataDir).catch(() => undefined);
  if (await isDoneWithin(server.stop(), stopDeadlineMs)) {
    await err.line("stopped");
    return 0;
  }
  await err.line(`${err.paint("red", "error:")} the server did not stop within ${stopDeadlineMs / 1000} s`);
  return 1;
}

/** A server that cannot be found by itself is still a server. */
async function noteAddress(
  stateDir: string,
  { url, token, dataDir, pipelines, tlsCert = null }: Parameters<typeof writeServerNote>[1],
  err: OutputStream,
): Promise<void> {
  try {
    await writeServerNote(stateDir, { url, token, dataDir, pipelines, tlsCert });
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
