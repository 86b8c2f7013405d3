// Waiting for an engine that starts beside the server.

import { AppError } from "../../core/app-error.ts";
import type { Clock } from "../../core/clock.ts";
import { pause } from "../process/end-processes.ts";

const patienceMs = 60_000;
const pauseMs = 1000;

/** Asks again while the engine is not there. @throws {AppError} CONTAINER_ENGINE_UNAVAILABLE after a minute. */
export async function whenEngineAnswers<T>(clock: Clock, ask: () => Promise<T>): Promise<T> {
  const deadline = clock.elapsed() + patienceMs;
  for (;;) {
    try {
      return await ask();
    } catch (thrown) {
      const isAway = thrown instanceof AppError && thrown.code === "CONTAINER_ENGINE_UNAVAILABLE";
      if (!isAway || clock.elapsed() >= deadline) throw thrown;
      await pause(clock, pauseMs);
    }
  }
}
