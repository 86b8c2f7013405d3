// Replays in this process: the journal of a run executed once more, by a sandbox of its own and with nothing else open.

import type { Config } from "../config.ts";
import { AppError } from "../core/app-error.ts";
import type { JournalRecord } from "../core/journal-record.ts";
import { readJournal, type ReplayEvent, type ReplayReport, replayRun } from "../engine/engine.ts";
import { type Bundle, loadBundle } from "../pipelines/pipelines.ts";
import { openSqliteReader } from "../store/store.ts";
import { locateTarget } from "./locate-target.ts";
import { openLogger } from "./open-logger.ts";
import { openPool } from "./open-pool.ts";
import { OpenedParts } from "./opened-parts.ts";

export interface ReplayJournalOptions {
  readonly journal: AsyncIterable<JournalRecord>;
  /** Absolute path of a changed script; absent: the one that the journal comes with. */
  readonly script?: string;
  readonly onEvent: (event: ReplayEvent) => Promise<void> | void;
}

/** @throws {AppError} LOAD_FAILED for the script, and what a replay throws. */
export async function replayJournal(config: Config, options: ReplayJournalOptions): Promise<ReplayReport> {
  const { journal, script, onEvent } = options;
  const opened = new OpenedParts();
  try {
    const bundle = script === undefined ? undefined : await bundleScript(config, script);
    const logger = openLogger({ ...config, logLevel: "error" });
    const pool = openPool({ sandboxProcesses: 1 }, opened, logger);
    return await replayRun({ pool, journal, onEvent, ...(bundle === undefined ? {} : { bundle }) });
  } finally {
    await opened.close();
  }
}

/** The journal of a run in a database of this machine, whether or not a server is running on it. */
export async function* readStoredJournal(database: string, runId: string): AsyncGenerator<JournalRecord> {
  const store = openSqliteReader(database);
  try {
    const noVersions = { get: () => undefined };
    yield* readJournal(store, noVersions, runId, { withScript: true });
  } finally {
    store.close();
  }
}

async function bundleScript(config: Config, script: string): Promise<Bundle> {
  const { pipelines: root, file = script } = locateTarget(config.pipelines, script);
  const loaded = await loadBundle({ root, file });
  if (loaded.ok) return loaded.bundle;
  const [problem] = loaded.problems;
  const { message = "unknown", line = null, hint = null } = problem ?? {};
  const place = line === null ? file : `${problem?.file}:${line}`;
  throw new AppError("LOAD_FAILED", `${script} does not load: ${place}: ${message}`, {
    ...(hint === null ? {} : { hint }),
    details: { problems: loaded.problems },
  });
}
