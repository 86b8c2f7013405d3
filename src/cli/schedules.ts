// `runner schedules`: when runs begin by themselves.

import type { Command } from "commander";
import { formatDuration } from "../core/duration.ts";
import { formatAgo } from "./age.ts";
import type { ScheduleSummary } from "./pipeline-verbs.ts";
import { addClientFlags, connect, type ClientFlags } from "./client-flags.ts";
import type { CommandContext } from "./command-context.ts";
import { formatMoment } from "./moment.ts";
import { printable } from "./printable.ts";
import { formatTable } from "./table.ts";
import type { OutputStream } from "./terminal.ts";

interface SchedulesFlags extends ClientFlags {
  readonly json?: true;
}

export function addSchedulesCommand(program: Command, context: CommandContext): void {
  addClientFlags(program.command("schedules").description("list when runs begin by themselves, with the next times"))
    .option("--json", "print one line of JSON: { schedules }")
    .action(async (flags: SchedulesFlags) => {
      const { out, err } = context.terminal;
      const schedules = await (await connect(context, flags)).listSchedules();
      if (flags.json) await out.line(JSON.stringify({ schedules }));
      else if (schedules.length === 0) await err.line("no schedules");
      else {
        const heads = ["PIPELINE", "SCHEDULE", "TIME ZONE", "NEXT", "LAST"].map((head) => out.paint("dim", head));
        const rows = schedules.map((schedule) => cellsOf(schedule, out, context.now()));
        await out.line(formatTable([heads, ...rows]).join("\n"));
      }
      context.end(0);
    });
}

/** Times are those of this machine. */
function cellsOf(schedule: ScheduleSummary, out: OutputStream, now: number): readonly string[] {
  const { pipeline, schedule: cron, timezone, next, last, paused } = schedule;
  return [
    printable(pipeline),
    printable(cron),
    printable(timezone),
    paused ? out.paint("yellow", "paused") : describeNext(next[0], now),
    last === null ? "" : formatAgo(now - Date.parse(last)),
  ];
}

function describeNext(next: string | undefined, now: number): string {
  if (next === undefined) return "never";
  const at = Date.parse(next);
  return `${formatMoment(new Date(at))} (in ${formatDuration(Math.max(0, at - now))})`;
}
