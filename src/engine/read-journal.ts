// The journal of a run, read record by record: it may be larger than memory.

import { AppError } from "../core/app-error.ts";
import type { JournalRecord } from "../core/journal-record.ts";
import type { Store } from "../store/store.ts";
import { loadPinned, type Versions } from "./find-pinned.ts";
import { toGuestRequest } from "./to-guest-request.ts";
import { readDelivered } from "./read-delivered.ts";

export type JournalStore = Pick<Store, "runs" | "journal" | "logs" | "bundles" | "inbound">;

export interface ReadJournalOptions {
  /** The script too, as it was bundled. */
  readonly withScript: boolean;
}

/**
 * Of a run that has not ended what there is now.
 * @throws {AppError} RUN_NOT_FOUND, also where the run is removed meanwhile.
 */
export async function* readJournal(
  store: JournalStore,
  versions: Versions,
  runId: string,
  { withScript }: ReadJournalOptions,
): AsyncGenerator<JournalRecord> {
  const outline = await store.journal.outline(runId);
  yield await readHead(store, versions, runId, withScript);
  for (const { values, afterSeq } of outline.observations) yield { type: "observed", values, afterSeq };
  let next = 0;
  const callsBefore = async function* (seq: number): AsyncGenerator<JournalRecord> {
    for (let call = outline.calls[next]; call !== undefined && call.afterSeq < seq; call = outline.calls[++next]) {
      yield await readCall(store, runId, call.number);
    }
  };
  for (const delivery of outline.deliveries) {
    yield* callsBefore(delivery.seq);
    const { seq } = delivery;
    if (delivery.type === "cancel") yield { type: "delivery", seq, what: "cancel" };
    else if (delivery.type === "result") yield { type: "delivery", seq, what: "result", call: delivery.call };
    else {
      const { call, stream } = delivery;
      const text = await readDelivered(store, runId, delivery);
      yield { type: "delivery", seq, what: "output", call, stream, text };
    }
  }
  yield* callsBefore(Number.POSITIVE_INFINITY);
  yield { type: "end" };
}

async function readHead(
  store: JournalStore,
  versions: Versions,
  runId: string,
  withScript: boolean,
): Promise<JournalRecord> {
  const run = await store.runs.find(runId);
  const kept = await store.runs.findKept(runId);
  if (run === undefined || kept === undefined) throw gone(runId);
  const { params, args, targetJobs, seed, scriptRunId, after, bundleHash, inboundId } = kept.run;
  const request = inboundId === null ? undefined : (await store.inbound.find(inboundId))?.request;
  // Whoever reads the journal is told its format, and decides what to do about it.
  const { bundle, config } = await loadPinned(store, versions, kept.run);
  const { id, pipeline, status, triggeredBy, rerunOf, createdAt, startedAt, result, error } = run;
  return {
    type: "run",
    run: { id, pipeline, status, triggeredBy, rerunOf, createdAt, startedAt, result, error },
    params,
    args,
    targetJobs,
    request: request === undefined ? null : toGuestRequest(request),
    seed,
    scriptRunId,
    after,
    cancel: kept.cancel && { code: kept.cancel.code, message: kept.cancel.message },
    format: kept.journalFormat,
    memoryBytes: config.memoryBytes ?? null,
    bundleHash,
    bundle: withScript ? { hash: bundle.hash, code: bundle.code, sourceMap: bundle.sourceMap } : null,
  };
}

async function readCall(store: JournalStore, runId: string, number: number): Promise<JournalRecord> {
  const call = await store.journal.findCall(runId, number);
  if (call === undefined) throw gone(runId);
  const { kind, name, args, argsHash, startedAt, afterSeq, outcome = null } = call;
  return { type: "call", number, kind, name, args, argsHash, startedAt, afterSeq, outcome };
}

function gone(runId: string): AppError {
  return new AppError("RUN_NOT_FOUND", `there is no run ${JSON.stringify(runId.slice(0, 100))}`, {
    hint: "`runner runs` lists them; old ones are removed",
  });
}
