// The end of a run that cannot even begin, or not go on.

import type { AppError } from "../core/app-error.ts";
import type { Write } from "../store/store.ts";
import { awaitStore } from "./await-store.ts";
import type { EndingRun, RecordedEnd } from "./followers.ts";
import { describeEnd, plainError, type RunEnd } from "./run-end.ts";
import type { RunParts } from "./run-parts.ts";

/** Resolves when that is recorded, or cannot be. */
export async function failBeforeBegin(
  { store, clock, logger, followers }: Pick<RunParts, "store" | "clock" | "logger" | "followers">,
  run: EndingRun,
  cause: AppError,
  isOver: () => boolean,
): Promise<void> {
  const { id } = run;
  if (cause.code === "RUN_ALREADY_ENDED" || isOver()) return;
  const { message, hint = null } = cause;
  const code = cause.code === "RUN_INCOMPATIBLE" ? cause.code : "INTERNAL";
  const error = plainError(code, code === "INTERNAL" ? `the run could not begin or go on: ${message}` : message, hint);
  const end: RunEnd = { status: "failed", result: null, error };
  let recorded: RecordedEnd | undefined;
  try {
    await awaitStore(clock, async () => await store.commit(await endWrites()), isOver);
    recorded?.begin();
  } catch (thrown) {
    logger.error("a run could not begin, nor could that be recorded", { run: id, reason: String(thrown) });
  }

  async function endWrites(): Promise<readonly Write[]> {
    const at = clock.now();
    const steps = (await store.runs.find(id))?.steps ?? [];
    const seq = (await store.logs.lastSeq(id)) + 1;
    recorded = followers.endRun(run, end, at);
    return [
      ...steps
        .filter(({ finishedAt }) => finishedAt === null)
        .map((step) => ({ type: "step.put", runId: id, step: { ...step, status: "failed", finishedAt: at } }) as const),
      { type: "log.line", runId: id, seq, at, source: "system", level: "error", text: describeEnd(end) },
      ...recorded.writes,
    ];
  }
}
