// The version of its pipeline that a run began with: whatever became of the file since, the run goes on with that.

import { AppError } from "../core/app-error.ts";
import type { Catalog } from "../pipelines/pipelines.ts";
import { journalFormat, type KeptRun, type NewRun, type Store } from "../store/store.ts";
import type { PinnedVersion } from "./run-parts.ts";

export type Versions = Pick<Catalog, "get">;

/** @throws {AppError} RUN_INCOMPATIBLE when this program would execute the script in another way; INTERNAL. */
export async function findPinned(
  store: Pick<Store, "bundles">,
  versions: Versions,
  { run, status, journalFormat: format }: Pick<KeptRun, "run" | "status" | "journalFormat">,
): Promise<PinnedVersion> {
  // One that is queued has no journal, unless it goes on with that of another run.
  const hasJournal = status !== "queued" || run.scriptRunId !== run.id;
  if (hasJournal && format !== journalFormat) {
    throw new AppError(
      "RUN_INCOMPATIBLE",
      `another version of runner began this run and wrote its journal in format ${format}; this one goes on with format ${journalFormat} only`,
      { hint: "trigger it again, or let the version that began it finish it" },
    );
  }
  return await loadPinned(store, versions, run);
}

/** The same, whoever can execute it. @throws {AppError} INTERNAL. */
export async function loadPinned(
  store: Pick<Store, "bundles">,
  versions: Versions,
  run: Pick<NewRun, "bundleHash" | "pipeline">,
): Promise<PinnedVersion> {
  const bundle = await store.bundles.find(run.bundleHash);
  if (bundle === undefined) throw new AppError("INTERNAL", `the script that it began with (${run.bundleHash}) is gone`);
  // Versions from before bundles had their config kept are told by the file as it is now.
  const config = bundle.config ?? versions.get(run.pipeline)?.version?.config ?? { webhook: {}, params: {} };
  return { bundle, config };
}
