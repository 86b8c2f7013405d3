// What the journal of an earlier life of a run tells about its calls: which to go on with, and which not.

import { formatStepId } from "../core/step-id.ts";
import type { CallKind, GuestCall } from "../sandbox/sandbox.ts";
import type { StepSpec } from "../executors/executors.ts";
import type { CallOutcome, Journal, JournalCall, NewRun } from "../store/store.ts";
import { findCancel } from "./journal-view.ts";
import type { DeliveredOutput } from "./ongoing-call.ts";
import { isWait, isWork } from "./open-call.ts";
import { isWritten } from "./written-calls.ts";
import { shownTexts, type StepArguments, stepSpec } from "./step-arguments.ts";

export interface EarlierCall {
  readonly call: Pick<GuestCall, "number" | "kind" | "name" | "args"> & { readonly startedAt: number };
  readonly delivered: DeliveredOutput;
  /** The run was asked to end after it was made. */
  readonly isCancelled: boolean;
}

export interface EarlierCalls {
  /** Without a result, in the order they were made. */
  readonly open: readonly EarlierCall[];
  /** With a result that the script has not been given. */
  readonly undelivered: readonly { readonly number: number; readonly outcome: CallOutcome }[];
  /** Timers that were cleared. */
  readonly cleared: readonly number[];
  /** What the script has asked to end. */
  readonly aborted: readonly number[];
  /** Steps that keep a container open. */
  readonly openContainers: readonly { readonly call: JournalCall; readonly spec: StepSpec }[];
}

export function findEarlierCalls(journal: Journal, run: Pick<NewRun, "id" | "pipeline">): EarlierCalls {
  const { calls, deliveries } = journal;
  const cancelSeq = findCancel(deliveries)?.seq ?? Number.POSITIVE_INFINITY;
  const isCancelled = ({ afterSeq }: JournalCall): boolean => afterSeq < cancelSeq && Number.isFinite(cancelSeq);
  const named = (kind: CallKind): readonly number[] =>
    calls.filter((call) => call.kind === kind).map(({ args }) => numberIn(args));
  const cleared = new Set(named("clear_timer"));
  const given = new Set(deliveries.flatMap((each) => (each.type === "result" ? [each.call] : [])));
  const open = calls.filter(({ outcome, number }) => outcome === undefined && !cleared.has(number));
  const undelivered = calls.filter((call) => isDelivered(call) && !given.has(call.number) && !isCancelled(call));
  return {
    open: open.map((call) => ({
      call: { ...call, kind: call.kind as CallKind },
      delivered: deliveredOf(journal, call.number),
      isCancelled: isCancelled(call),
    })),
    undelivered: undelivered.flatMap(({ number, outcome }) => (outcome === undefined ? [] : [{ number, outcome }])),
    cleared: [...cleared],
    aborted: named("abort"),
    openContainers: openContainersOf(calls, run),
  };
}

/** Of the kinds whose result reaches the script by a delivery. */
function isDelivered({ kind, name }: JournalCall): boolean {
  const known = kind as CallKind;
  if (isWork(known) || isWait(known) || known === "block_end") return true;
  return isWritten(known) && !(known === "storage" && (name === "get" || name === "list"));
}

function deliveredOf({ deliveries }: Journal, number: number): DeliveredOutput {
  const ends = { stdout: 0, stderr: 0 };
  for (const delivery of deliveries) {
    if (delivery.type === "output" && delivery.call === number) {
      ends[delivery.stream] = Math.max(ends[delivery.stream], delivery.offset + delivery.length);
    }
  }
  return ends;
}

function openContainersOf(
  calls: readonly JournalCall[],
  run: Pick<NewRun, "id" | "pipeline">,
): EarlierCalls["openContainers"] {
  const closed = new Set(
    calls.filter(({ kind }) => kind === "sandbox").map(({ args }) => (args as { sandbox: string }).sandbox),
  );
  return calls.flatMap((call) => {
    const args = call.args as unknown as StepArguments;
    if (call.kind !== "step" || args.container?.type !== "open" || call.outcome?.ok !== true) return [];
    const { id } = call.outcome.value as { readonly id: string };
    if (closed.has(id)) return [];
    const stepId = formatStepId({ runId: run.id, number: call.number });
    const spec = stepSpec(args, { stepId, runId: run.id, pipeline: run.pipeline }, shownTexts(args));
    return [{ call, spec }];
  });
}

function numberIn(args: JournalCall["args"]): number {
  return Number((args as { readonly call: number }).call);
}
