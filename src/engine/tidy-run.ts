// What an ended run leaves outside the database: containers kept open, volumes.

import type { RunParts } from "./run-parts.ts";

/** Called when the end of the run is durable. What cannot be removed now is tried again at the next start. */
export async function tidyRun({ executor, files, logger }: RunParts, runId: string): Promise<void> {
  try {
    // First the containers: they have the volumes mounted.
    await executor.endRun(runId);
    await files.volumes.removeRun(runId);
  } catch (thrown) {
    logger.warn("what an ended run left behind could not be removed", { run: runId, reason: String(thrown) });
  }
}
