// `runner serve`: the server, from its start to the end that a signal asks for.

import type { Command } from "commander";
import type { CommandContext } from "./command-context.ts";
import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import type { Config } from "../config.ts";
import { addConfigFlags, loadCommandConfig, readCommandConfig, type ConfigFlags } from "./config-flags.ts";
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
  const { config, file } = await loadCommandConfig(context, flags);
  const app = await context.loadApp();
  // Listened for before the start, so that a signal during it stops the server in order as soon as it is up.
  const hangUps = new HangUps(err.isTerminal);
  const signal = waitForSignal(hangUps);
  const load = async (): Promise<Config> => (await readCommandConfig(context, flags)).config;
  const server = await app.startServer(config, { file: file ?? join(context.cwd, "runner.toml"), load });
  hangUps.onReload(() => void server.reload());
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

/** SIGHUP asks to read the configuration again, unless it says that the terminal is gone. */
class HangUps {
  readonly #hasTerminal: boolean;
  #reload: (() => void) | null = null;
  #isAsked = false;

  constructor(hasTerminal: boolean) {
    this.#hasTerminal = hasTerminal;
  }

  /** One that came before counts too. */
  onReload(reload: () => void): void {
    this.#reload = reload;
    if (this.#isAsked) reload();
  }

  /** False where it asks to stop. */
  take(): boolean {
    if (this.#hasTerminal && !hasTerminal()) return false;
    this.#isAsked = true;
    this.#reload?.();
    return true;
  }
}

/** The terminal that this process was started from can still be opened. */
function hasTerminal(): boolean {
  try {
    closeSync(openSync("/dev/tty", "r+"));
    return true;
  } catch {
    return false;
  }
}

/** The name of the first signal that asks us to stop; the second ends the process at once. */
function waitForSignal(hangUps: HangUps): Promise<string> {
  const numbers = { SIGHUP: 1, SIGINT: 2, SIGTERM: 15 } as const;
  return new Promise((resolve) => {
    let stopping = false;
    for (const [name, number] of Object.entries(numbers)) {
      process.on(name, () => {
        if (name === "SIGHUP" && !stopping && hangUps.take()) return;
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
