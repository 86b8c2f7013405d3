// What the commands have in common that start a run on the server: they follow it, or print its id.

import type { Command } from "commander";
import type { ApiClient } from "./api-client.ts";
import { addClientFlags, connect, type ClientFlags } from "./client-flags.ts";
import type { CommandContext } from "./command-context.ts";
import { followRun } from "./follow-run.ts";
import { listenForInterrupts, type Interrupts } from "./interrupts.ts";
import { createLogPrinter } from "./log-printer.ts";
import { reportRun } from "./run-report.ts";
import type { Terminal } from "./terminal.ts";

export interface StartFlags extends ClientFlags {
  readonly follow: boolean;
  readonly json?: true;
}

const cancelWindowMs = 2000;

export function addStartFlags(command: Command): Command {
  return addClientFlags(command)
    .option("--no-follow", "print the run's id and do not wait")
    .option("--json", "print one line of JSON: the finished run, or its id with --no-follow");
}

/** Resolves with the exit code. */
export async function startRun(
  flags: StartFlags,
  context: CommandContext,
  start: (client: ApiClient, signal: AbortSignal) => Promise<{ readonly run_id: string }>,
): Promise<number> {
  const { terminal } = context;
  const client = await connect(context, flags);
  const interrupts = listenForInterrupts(3, terminal.err);
  let runId: string | undefined;
  try {
    runId = (await start(client, interrupts.first)).run_id;
    if (!flags.follow) {
      await terminal.out.line(flags.json ? JSON.stringify({ run_id: runId }) : runId);
      return 0;
    }
    return await follow(client, runId, flags, terminal, interrupts.first);
  } catch (error) {
    if (!interrupts.first.aborted) throw error;
    return await onInterrupt(client, runId, terminal, interrupts);
  } finally {
    interrupts.close();
  }
}

async function follow(
  client: ApiClient,
  runId: string,
  flags: StartFlags,
  terminal: Terminal,
  signal: AbortSignal,
): Promise<number> {
  const printer = createLogPrinter(terminal);
  const readerGone = new AbortController();
  try {
    const run = await followRun({
      client,
      runId,
      signal: AbortSignal.any([signal, readerGone.signal]),
      onEntry: async (entry) => {
        if (!flags.json) await printer.print(entry);
        if (terminal.out.closed) readerGone.abort();
      },
    });
    await printer.finish(run.error?.message);
    return await reportRun(terminal, run, flags.json ?? false);
  } catch (error) {
    await printer.finish();
    if (readerGone.signal.aborted) return 141;
    throw error;
  }
}

/** Ctrl-C stops following; a second one within two seconds cancels the run. */
async function onInterrupt(
  client: ApiClient,
  runId: string | undefined,
  { err }: Terminal,
  interrupts: Interrupts,
): Promise<number> {
  if (runId === undefined) {
    await err.line("stopped before the server answered; `runner runs` shows whether the run began");
    return 130;
  }
  await err.line(`stopped following; run ${runId} goes on. Press Ctrl-C again to cancel it`);
  await err.line(`${err.paint("dim", "hint:")} follow it again with \`runner logs -f ${runId}\``);
  if (await interrupts.isRepeatedWithin(cancelWindowMs)) {
    await client.cancel(runId);
    await err.line(`run ${runId} is being cancelled`);
  }
  return 130;
}
