// What ended runs leave outside the database: containers kept open, volumes, files of artifacts that have no row.

import { setImmediate } from "node:timers/promises";
import { toAppError } from "../core/app-error.ts";
import { isFinal } from "../core/run.ts";
import type { RunParts } from "./run-parts.ts";

/** Called when the end of the run is durable. What cannot be removed now is tried again at the next start. */
export async function tidyRun({ executor, files, logger }: RunParts, runId: string): Promise<void> {
  try {
    // First the containers: they have the volumes mounted.
    await executor.endRun(runId);
    await files.volumes.removeRun(runId);
  } catch (thrown) {
    const { message, hint } = toAppError(thrown);
    logger.warn("what an ended run left behind could not be removed", { run: runId, reason: message, hint });
  }
}

/** What an earlier life left in the data folder; called once no process of it is alive. Takes its time. */
export async function tidyEarlierRuns(parts: RunParts): Promise<void> {
  try {
    await tidyEndedRuns(parts);
    await removeOrphans(parts);
  } catch (thrown) {
    parts.logger.warn("what earlier runs left behind could not be removed", { reason: toAppError(thrown).message });
  }
}

async function tidyEndedRuns(parts: RunParts): Promise<void> {
  const { files, store } = parts;
  const left = new Set([...(await files.volumes.listRuns()), ...(await files.artifacts.listIncoming())]);
  for (const runId of left) {
    // The store reads without waiting: many of these in a row would hold up everybody else.
    await setImmediate();
    const run = await store.runs.find(runId);
    if (run !== undefined && !isFinal(run.status)) continue;
    await files.artifacts.removeIncoming(runId);
    await tidyRun(parts, runId);
  }
}

const askedAtOnce = 500;
/** A server that dies while it removes old runs leaves the files of one batch of them at most. */
const mostOrphans = 50;

/** Removes the files of runs that are no longer in the database, unless it must be another database, or a new one. */
async function removeOrphans({ files, store, logger }: RunParts): Promise<void> {
  const runs = await files.artifacts.listRuns();
  const orphans: string[] = [];
  for (let from = 0; from < runs.length; from += askedAtOnce) {
    await setImmediate();
    orphans.push(...(await store.artifacts.withoutRun(runs.slice(from, from + askedAtOnce))));
  }
  if (orphans.length === 0) return;
  const isNew = (await store.runs.list({ limit: 1 })).runs.length === 0;
  if (orphans.length > mostOrphans || isNew) {
    logger.warn("the data folder holds artifacts of runs that this database does not know; they are left alone", {
      runs: orphans.length,
      hint: "remove what you do not need from the folder `artifacts`",
    });
    return;
  }
  for (const runId of orphans) await files.artifacts.removeRun(runId);
}
