// Where the journal of an ended run is cut when another run goes on from one of its steps, and what forbids that.

import { AppError } from "../core/app-error.ts";
import type { Run, Step } from "../core/run.ts";
import { stepNumber } from "../core/step-id.ts";
import type { CallKind } from "../sandbox/sandbox.ts";
import type { CallOutline, JobWrite, Journal, JournalCut, JournalOutline, Store } from "../store/store.ts";
import { Blocks, isOfBlock } from "./blocks.ts";
import { findCancel } from "./journal-view.ts";
import { RunLog } from "./run-log.ts";
import type { RunParts } from "./run-parts.ts";
import type { StepArguments } from "./step-arguments.ts";
import { writeJob } from "./write-job.ts";

interface CutPlace {
  /** The first that is done anew. */
  readonly step: Step;
  /** The new run. */
  readonly to: string;
}

/** What is taken over, beside what the store copies by itself. */
export interface CutJournal {
  readonly cut: JournalCut;
  /** Blocks of the script that had begun and not ended there, as they were then. */
  readonly openBlocks: readonly Step[];
  /** What the script had told of its jobs. */
  readonly jobs: readonly JobWrite[];
}

/** @throws {AppError} RERUN_IMPOSSIBLE where something that came before the step is gone with the run. */
export async function cutJournal(
  { store, clock }: Pick<RunParts, "store" | "clock">,
  ended: Run,
  { step, to }: CutPlace,
): Promise<CutJournal> {
  const number = stepNumber(step);
  const journal = await store.journal.outline(ended.id);
  const call = journal.calls.find((each) => each.number === number);
  const refuse = (why: string, hint = "run it again from its beginning, without a step"): AppError =>
    new AppError("RERUN_IMPOSSIBLE", `run ${ended.id} cannot be gone on with from step ${shown(step)}: ${why}`, {
      hint,
    });
  if (call === undefined || journal.strayLines > 0) throw refuse("an older version of runner recorded it");
  const cancel = findCancel(journal.deliveries);
  if (cancel !== undefined && cancel.seq <= call.afterSeq) {
    throw refuse("the script was tidying up by then, since the run was asked to end", "name a step before that");
  }
  const before = journal.calls.filter((each) => each.number < number);
  const lost = await findLost(store, ended, before);
  if (lost !== null) throw refuse(lost.why, describeWayOut(ended, lost.number));
  const open = openCalls(before, journal, call.afterSeq);
  const cut = {
    from: ended.id,
    to,
    number,
    afterSeq: call.afterSeq,
    open,
    shiftMs: clock.now() - call.startedAt,
    given: givenOutput(open, journal, call.afterSeq),
    lastSeq: await store.logs.lastSeq(ended.id),
  };
  const openBlocks = await findOpenBlocks(store, ended.id, before, to);
  const told = await findCalls(store, ended.id, before, (kind) => kind === "job");
  return { cut, openBlocks, jobs: told.map((each) => writeJob(each, to, each.startedAt)) };
}

/** Their rows in the ended run tell how they came to their end. */
async function findOpenBlocks(
  store: Pick<Store, "journal">,
  ended: string,
  before: readonly CallOutline[],
  to: string,
): Promise<readonly Step[]> {
  const blocks = new Blocks(to, new RunLog());
  blocks.restore({ calls: await findCalls(store, ended, before, isOfBlock) });
  return blocks.steps;
}

async function findCalls(
  { journal }: Pick<Store, "journal">,
  runId: string,
  among: readonly CallOutline[],
  isWanted: (kind: CallKind) => boolean,
): Promise<Journal["calls"]> {
  const wanted = among.filter(({ kind }) => isWanted(kind as CallKind));
  const calls = await Promise.all(wanted.map(({ number }) => journal.findCall(runId, number)));
  return calls.filter((call) => call !== undefined);
}

/**
 * Calls that are to go on: those that never had a result, and timers that ran on when the step was begun. A timer is
 * often there to limit the step, and must not go off because it did the last time.
 */
function openCalls(
  before: readonly CallOutline[],
  { deliveries }: JournalOutline,
  afterSeq: number,
): readonly number[] {
  const given = new Set(
    deliveries.flatMap((each) => (each.type === "result" && each.seq <= afterSeq ? [each.call] : [])),
  );
  return before
    .filter(({ number, kind, ok }) => ok === null || (kind === "timer" && !given.has(number)))
    .map(({ number }) => number);
}

function givenOutput(
  open: readonly number[],
  { deliveries }: JournalOutline,
  afterSeq: number,
): Readonly<Record<string, number>> {
  const isOpen = new Set(open);
  const ends: Record<string, number> = {};
  for (const delivery of deliveries) {
    if (delivery.type !== "output" || delivery.seq > afterSeq || !isOpen.has(delivery.call)) continue;
    const stream = `${delivery.call}.${delivery.stream}`;
    ends[stream] = Math.max(ends[stream] ?? 0, delivery.offset + delivery.length);
  }
  return ends;
}

interface Lost {
  /** Of the host call that made it. */
  readonly number: number;
  readonly why: string;
}

/** The first thing that later steps may count on, and that went with the run. */
async function findLost(
  { journal }: Pick<Store, "journal">,
  ended: Run,
  before: readonly CallOutline[],
): Promise<Lost | null> {
  const volume = before.find(({ kind, name, ok }) => kind === "volume" && name === "volumes.create" && ok === true);
  const containers = ended.steps.filter(({ kind, status }) => kind === "container" && status === "succeeded");
  const opened = new Map<string, Lost>();
  for (const step of containers) {
    const number = stepNumber(step);
    const call = before.some((each) => each.number === number) ? await journal.findCall(ended.id, number) : undefined;
    const args = call?.args as unknown as StepArguments | undefined;
    if (args?.container?.type !== "open" || call?.outcome?.ok !== true) continue;
    const { id } = call.outcome.value as { readonly id: string };
    opened.set(id, { number, why: `step ${shown(step)} had opened a container, and that was removed with the run` });
  }
  for (const { number } of before.filter(({ kind }) => kind === "sandbox")) {
    const args = (await journal.findCall(ended.id, number))?.args as { readonly sandbox: string } | undefined;
    if (args !== undefined) opened.delete(args.sandbox);
  }
  const lost = [...opened.values()];
  if (volume !== undefined) {
    lost.push({ number: volume.number, why: "the script had made a volume before, and that was removed with the run" });
  }
  const lock = findHeldLock(before);
  if (lock !== undefined) {
    const why = `the script had the lock ${JSON.stringify(lock.name)} by then, and gave it back as the run ended`;
    lost.push({ number: lock.number, why });
  }
  return lost.toSorted((a, b) => a.number - b.number)[0] ?? null;
}

/** The first lock that was taken and not given back. */
function findHeldLock(before: readonly CallOutline[]): CallOutline | undefined {
  const released = (taken: CallOutline): boolean =>
    before.some(({ kind, name, number, ok }) => {
      return kind === "unlock" && name === taken.name && number > taken.number && ok === true;
    });
  return before.find((call) => call.kind === "lock" && call.ok === true && !released(call));
}

function describeWayOut({ steps }: Run, lost: number): string {
  const last = steps.findLast((step) => stepNumber(step) <= lost);
  const earlier = last === undefined ? "" : `, or from step ${stepNumber(last)} ${JSON.stringify(last.name)}`;
  return `run it again from its beginning, without a step${earlier}`;
}

function shown(step: Step): string {
  return `${JSON.stringify(step.name)} (${stepNumber(step)})`;
}
