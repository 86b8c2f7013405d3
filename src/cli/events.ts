// `runner events`: what has happened, and with -f what happens.

import { Option, type Command } from "commander";
import { AppError } from "../core/app-error.ts";
import type { EventJson } from "../core/event-json.ts";
import type { ApiClient } from "./api-client.ts";
import { addClientFlags, connect, type ClientFlags } from "./client-flags.ts";
import type { CommandContext } from "./command-context.ts";
import type { EventFilter } from "./event-verbs.ts";
import { formatEvent } from "./event-view.ts";
import { listenForInterrupts } from "./interrupts.ts";
import { delay, isOutage } from "./outage.ts";
import { parseLimit } from "./parse-limit.ts";

interface EventsFlags extends ClientFlags, EventFilter {
  readonly follow?: true;
  readonly limit: number;
  readonly json?: true;
}

const help = `
The latest come last. With --json each is one line, in the envelope that endpoints are sent:
{ id, type, created_at, data, metadata }. A server that restarts is waited for, and nothing is missed meanwhile.`;

export function addEventsCommand(program: Command, context: CommandContext): void {
  addClientFlags(program.command("events").description("print the latest events, or follow them as they happen"))
    .option("-f, --follow", "go on with what happens, until interrupted")
    .option("--type <TYPE>", "only this type, or all below it: run.failed, run.*")
    .option("--pipeline <NAME>", "only those of this pipeline")
    .option("--run <RUN>", "only those of this run")
    .addOption(
      new Option("--limit <N>", "at most this many that were before, up to 500").argParser(parseLimit).default(20),
    )
    .option("--json", "print one line of JSON for each event")
    .addHelpText("after", help)
    .action(async (flags: EventsFlags) => context.end(await events(flags, context)));
}

async function events(flags: EventsFlags, context: CommandContext): Promise<number> {
  const { out, err } = context.terminal;
  const { type, pipeline, run, limit } = flags;
  const filter = { type, pipeline, run };
  const client = await connect(context, flags);
  // Known before the others are listed: what comes in between is in both.
  const place = flags.follow ? ((await client.listEvents({ limit: 1 }))[0]?.id ?? beforeAll) : null;
  const print = async (event: EventJson): Promise<void> =>
    await out.line(flags.json ? JSON.stringify(event) : formatEvent(event, out));
  const latest = (await client.listEvents({ ...filter, limit })).toReversed();
  for (const event of latest) await print(event);
  if (place === null) {
    if (latest.length === 0) await err.line("no events");
    return 0;
  }
  const readerGone = new AbortController();
  const interrupts = listenForInterrupts(2, err);
  const signal = AbortSignal.any([interrupts.first, readerGone.signal]);
  const printed = new Set(latest.map(({ id }) => id));
  try {
    await follow(client, filter, place, signal, async (event) => {
      if (!printed.has(event.id)) await print(event);
      if (out.closed) readerGone.abort();
    });
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    interrupts.close();
  }
  return interrupts.first.aborted ? 130 : 141;
}

/** In the form of an id, before that of any event. */
const beforeAll = `evt_${"0".repeat(28)}`;
/** A server is restarted within seconds, its machine within a minute or two. */
const retryDelaysMs = [250, 500, 1000, 2000, 4000, 8000, 15_000, 30_000, 60_000];

/** Over connections that break: goes on behind the last event it had. @throws {AppError} SERVER_GONE. */
async function follow(
  client: ApiClient,
  filter: EventFilter,
  place: string,
  signal: AbortSignal,
  onEvent: (event: EventJson) => Promise<void>,
): Promise<void> {
  let after = place;
  for (let failures = 0; ;) {
    try {
      for await (const event of client.followEvents(filter, after, signal)) {
        failures = 0;
        await onEvent(event);
        after = event.id;
      }
      // It was ended as it should be: by a server that stops, or a proxy.
      signal.throwIfAborted();
      await delay(retryDelaysMs[0] ?? 0, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!isOutage(error)) throw error;
      const delayMs = retryDelaysMs[failures++];
      if (delayMs === undefined) {
        throw new AppError("SERVER_GONE", `the server at ${client.url} is gone`, {
          cause: error,
          hint: "once it is back: runner events -f",
        });
      }
      await delay(delayMs, signal);
    }
  }
}
