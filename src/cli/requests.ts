// `runner requests`: the latest webhooks as a table, or one of them in full.

import { Option, type Command } from "commander";
import type { RequestJson } from "../core/request-json.ts";
import { formatAge } from "./age.ts";
import { addClientFlags, connect, type ClientFlags } from "./client-flags.ts";
import type { CommandContext } from "./command-context.ts";
import { parseLimit } from "./parse-limit.ts";
import { printable } from "./printable.ts";
import { formatRequest } from "./request-view.ts";
import { formatTable } from "./table.ts";
import type { OutputStream } from "./terminal.ts";

interface RequestsFlags extends ClientFlags {
  readonly pipeline?: string;
  readonly refused?: true;
  readonly reason?: string;
  readonly run?: string;
  readonly limit: number;
  readonly json?: true;
}

const help = `
Every webhook of a pipeline that is there is on record, accepted or refused. Of those that began no run the first 4 KiB of
the body are kept, and at most 10,000 of them: the oldest of the pipeline that has most of them goes first. The others go with
their runs. Secrets in them are masked.`;

export function addRequestsCommand(program: Command, context: CommandContext): void {
  addClientFlags(
    program.command("requests [ID]").description("list the latest webhooks that were received, or show one in full"),
  )
    .option("--pipeline <NAME>", "only webhooks of this pipeline")
    .option("--refused", "only those that began no run")
    .option("--reason <REASON>", "only those refused for this, as signature_mismatch")
    .option("--run <RUN>", "only those of this run")
    .addOption(new Option("--limit <N>", "at most this many, up to 500").argParser(parseLimit).default(20))
    .option("--json", "print one line of JSON")
    .addHelpText("after", help)
    .action(async (id: string | undefined, flags: RequestsFlags) => {
      await (id === undefined ? listRequests(flags, context) : showRequest(id, flags, context));
      context.end(0);
    });
}

async function listRequests(flags: RequestsFlags, context: CommandContext): Promise<void> {
  const { out, err } = context.terminal;
  const { pipeline, refused, reason, run, limit } = flags;
  const client = await connect(context, flags);
  const list = await client.listRequests({ pipeline, verdict: refused && "refused", reason, run, limit });
  if (flags.json) return out.line(JSON.stringify(list));
  if (list.requests.length === 0) return err.line("no requests");
  const heads = ["AGE", "ID", "PIPELINE", "PROVIDER", "EVENT", "VERDICT", "RUN", "STATUS", "MS"];
  const rows = list.requests.map((request) => cellsOf(request, out, context.now()));
  await out.line(formatTable([heads.map((head) => out.paint("dim", head)), ...rows]).join("\n"));
}

function cellsOf(request: RequestJson, out: OutputStream, now: number): readonly string[] {
  const isRefused = request.verdict === "refused";
  return [
    formatAge(now - Date.parse(request.received_at)),
    printable(request.id),
    printable(request.pipeline),
    printable(request.provider),
    printable(request.event_type || "-"),
    out.paint(isRefused ? "red" : "green", printable((isRefused ? request.reason : null) ?? request.verdict)),
    printable(request.run_id ?? "-"),
    String(request.answer?.status ?? "-"),
    String(request.answer?.duration_ms ?? "-"),
  ];
}

async function showRequest(id: string, flags: RequestsFlags, context: CommandContext): Promise<void> {
  const { out } = context.terminal;
  const request = await (await connect(context, flags)).getRequest(id);
  await (flags.json ? out.line(JSON.stringify(request)) : out.line(formatRequest(request, out).join("\n")));
}
