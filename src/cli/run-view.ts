// One run drawn for people: what it is, how it went, and its steps as a tree with a timeline.

import type { StepStatus } from "../core/run.ts";
import { formatMoment } from "./moment.ts";
import { printable } from "./printable.ts";
import type { RunJson, StepJson } from "../core/run-json.ts";
import { describeError, durationOf, statusColours } from "./run-report.ts";
import { formatTable } from "./table.ts";
import type { OutputStream } from "./terminal.ts";

const marks: Readonly<Record<StepStatus, string>> = {
  queued: "·",
  running: "▶",
  waiting: "…",
  succeeded: "✓",
  failed: "✗",
  cancelled: "■",
  timed_out: "✗",
};

const barWidth = 24;

/** Lines of the view. */
export function formatRun(run: RunJson, out: OutputStream, now: number): readonly string[] {
  const took = durationOf(run, now);
  const status = out.paint(statusColours[run.status], run.status.replace("_", " "));
  const facts = [
    ["run", printable(run.id)],
    ["pipeline", printable(run.pipeline)],
    ["trigger", printable(run.trigger)],
    ...(run.parent ? [["parent", printable(run.parent.run_id)]] : []),
    ...(run.rerun_of === null ? [] : [["rerun of", printable(run.rerun_of)]]),
    ["status", took ? `${status}, ${took}` : status],
    ["created", formatMoment(new Date(run.created_at))],
    ...(run.scheduled_at === null ? [] : [["scheduled", formatMoment(new Date(run.scheduled_at))]]),
    ...(run.after === null ? [] : [["after", printable(run.after)]]),
    ...(run.result === null || run.result === undefined ? [] : [["result", printable(JSON.stringify(run.result))]]),
    ...(run.error ? [["error", out.paint("red", describeError(run.error))]] : []),
    ...(run.error?.hint ? [["hint", printable(run.error.hint)]] : []),
  ];
  const rows = facts.map(([name = "", value = ""]) => [out.paint("dim", name), value]);
  return [...formatTable(rows), ...(run.steps.length > 0 ? formatSteps(run, out, now) : [])];
}

function formatSteps(run: RunJson, out: OutputStream, now: number): readonly string[] {
  const rows = run.steps.map((step, index) => {
    const branch = index === run.steps.length - 1 ? "└─" : "├─";
    const mark = out.paint(statusColours[step.status], marks[step.status] ?? "?");
    const code = step.code === null ? printable(step.status.replace("_", " ")) : `exit ${step.code}`;
    const about = describeStep(step);
    const note = about === "" ? "" : out.paint("dim", about);
    return [`${branch} ${mark} ${printable(step.name)}`, formatBar(step, run, now), durationOf(step, now), code, note];
  });
  return [out.paint("dim", "steps"), ...formatTable(rows)];
}

/** What it waits for, until when, what became of it, and the run that it started. */
function describeStep({ message, until, run_id: runId }: StepJson): string {
  const parts = [
    ...(message === null ? [] : [printable(message)]),
    ...(until === null ? [] : [`until ${formatMoment(new Date(until))}`]),
    ...(runId === null ? [] : [`run ${printable(runId)}`]),
  ];
  return parts.join(", ");
}

/** The step's share of the run's time, as a bar in a box. */
function formatBar(step: StepJson, run: RunJson, now: number): string {
  const time = (text: string | null, absent: number): number => (text === null ? absent : Date.parse(text));
  const runStart = time(run.started_at, Date.parse(run.created_at));
  const runMs = Math.max(1, time(run.finished_at, now) - runStart);
  const column = (at: number): number =>
    Math.min(barWidth, Math.max(0, Math.round(((at - runStart) / runMs) * barWidth)));
  if (step.started_at === null) return `▕${" ".repeat(barWidth)}▏`;
  const from = Math.min(barWidth - 1, column(time(step.started_at, now)));
  const to = Math.max(from + 1, column(time(step.finished_at, now)));
  return `▕${" ".repeat(from)}${"█".repeat(to - from)}${" ".repeat(barWidth - to)}▏`;
}
