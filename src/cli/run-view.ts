// One run drawn for people: what it is, how it went, and its jobs and steps as a tree with a timeline.

import type { RunStatus } from "../core/run.ts";
import { formatMoment } from "./moment.ts";
import { printable } from "./printable.ts";
import type { JobJson, RunJson, StepJson } from "../core/run-json.ts";
import { describeError, durationOf, statusColours } from "./run-report.ts";
import { formatTable } from "./table.ts";
import type { OutputStream } from "./terminal.ts";

const marks: Readonly<Record<RunStatus, string>> = {
  queued: "·",
  running: "▶",
  waiting: "…",
  succeeded: "✓",
  failed: "✗",
  cancelled: "■",
  timed_out: "✗",
  skipped: "○",
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
  const ofNoJob = run.steps.filter(({ job }) => job === null);
  return [
    ...formatTable(rows),
    ...formatTree(
      "jobs",
      run.jobs.flatMap((job, index) => jobRows(job, index === run.jobs.length - 1, run, out, now)),
      out,
    ),
    ...formatTree("steps", stepRows(ofNoJob, "", run, out, now), out),
  ];
}

type Row = readonly string[];

function formatTree(title: string, rows: readonly Row[], out: OutputStream): readonly string[] {
  return rows.length === 0 ? [] : [out.paint("dim", title), ...formatTable(rows)];
}

/** A job after which it comes, and its steps below it. */
function jobRows(job: JobJson, isLast: boolean, run: RunJson, out: OutputStream, now: number): readonly Row[] {
  const { name, status, needs, message } = job;
  const after = needs.length === 0 ? "" : out.paint("dim", ` ← ${needs.map(printable).join(", ")}`);
  const mark = out.paint(statusColours[status], marks[status]);
  const steps = run.steps.filter((step) => step.job === name);
  // The message of a step can be long, as a list of folders, and is told below.
  const isTold = steps.some((step) => step.message !== null && message?.includes(step.message) === true);
  const note = message === null || isTold ? "" : out.paint("dim", printable(message));
  const took = durationOf(job, now);
  return [
    [
      `${isLast ? "└─" : "├─"} ${mark} ${printable(name)}${after}`,
      formatBar(job, run, now),
      took,
      status.replace("_", " "),
      note,
    ],
    ...stepRows(steps, isLast ? "   " : "│  ", run, out, now),
  ];
}

function stepRows(
  steps: readonly StepJson[],
  indent: string,
  run: RunJson,
  out: OutputStream,
  now: number,
): readonly Row[] {
  return steps.map((step, index) => {
    const branch = index === steps.length - 1 ? "└─" : "├─";
    const mark = out.paint(statusColours[step.status], marks[step.status]);
    const code = step.code === null ? printable(step.status.replace("_", " ")) : `exit ${step.code}`;
    const about = describeStep(step);
    const note = about === "" ? "" : out.paint("dim", about);
    // Under its job the name need not say whose it is.
    const name =
      step.job !== null && step.name.startsWith(`${step.job}/`) ? step.name.slice(step.job.length + 1) : step.name;
    return [
      `${indent}${branch} ${mark} ${printable(name)}`,
      formatBar(step, run, now),
      durationOf(step, now),
      code,
      note,
    ];
  });
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

/** Its share of the run's time, as a bar in a box. */
function formatBar(step: Pick<StepJson, "started_at" | "finished_at">, run: RunJson, now: number): string {
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
