// Following a run to its end over connections that may break: the log is resumed after the last entry seen.

import { AppError } from "../core/app-error.ts";
import { isFinal } from "../core/run.ts";
import type { LogEntryJson } from "../core/log-entry-json.ts";
import type { ApiClient } from "./api-client.ts";
import type { RunJson } from "../core/run-json.ts";
import { delay, isOutage } from "./outage.ts";

export interface FollowOptions {
  readonly client: Pick<ApiClient, "url" | "getRun" | "readLogs">;
  readonly runId: string;
  readonly onEntry: (entry: LogEntryJson) => Promise<void>;
  /** Ends the following; the promise then rejects with the signal's reason. */
  readonly signal: AbortSignal;
  /** The waits between attempts to reach a server that is gone; as many attempts as there are waits. */
  readonly retryDelaysMs?: readonly number[];
}

const usualDelaysMs = [250, 500, 1000, 2000];

/**
 * Hands over every entry once, in order, and resolves with the finished run.
 * @throws {AppError} SERVER_GONE when the server stays away, RUN_NOT_FOUND and UNAUTHORIZED as it answers.
 */
export async function followRun(options: FollowOptions): Promise<RunJson> {
  const { client, runId, signal } = options;
  const delaysMs = options.retryDelaysMs ?? usualDelaysMs;
  let after = 0;
  let failures = 0;
  for (;;) {
    try {
      for await (const entry of client.readLogs(runId, { after, follow: true, signal })) {
        failures = 0;
        if (entry.seq <= after) continue;
        after = entry.seq;
        await options.onEntry(entry);
      }
      const run = await client.getRun(runId);
      if (isFinal(run.status)) return run;
      // The stream ended cleanly and the server answers: only this connection was ended, by a proxy perhaps.
      failures = 0;
      await delay(1000, signal);
    } catch (error) {
      signal.throwIfAborted();
      if (!isOutage(error)) throw error;
      const delayMs = delaysMs[failures++];
      if (delayMs === undefined) throw gone(client.url, runId, error);
      await delay(delayMs, signal);
    }
  }
}

function gone(url: string, runId: string, cause: unknown): AppError {
  return new AppError("SERVER_GONE", `the server at ${url} is gone; run ${runId} goes on without us`, {
    cause,
    hint: `once the server is back, follow the run again with \`runner logs -f ${runId}\``,
  });
}
