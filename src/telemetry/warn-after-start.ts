// The warnings of a start, once the server answers: finding them out must not delay that.

import type { Clock } from "../core/clock.ts";
import { readBoxFacts } from "./box-facts.ts";
import type { Logger } from "./logger.ts";
import { findStartWarnings, type ServerFacts } from "./start-warnings.ts";

export interface StartWarningOptions {
  readonly facts: () => Promise<ServerFacts>;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Pick<Clock, "after" | "now">;
  readonly logger: Pick<Logger, "warn" | "debug">;
}

/** The first callers come before. */
const delayMs = 200;

/** The function returned takes it back. */
export function warnAfterStart(options: StartWarningOptions): () => void {
  return options.clock.after(delayMs, () => void warn(options));
}

async function warn({ facts, env, clock, logger }: StartWarningOptions): Promise<void> {
  try {
    const server = await facts();
    const box = await readBoxFacts({ dataDir: server.dataDir, env, nowMs: clock.now() });
    for (const { message, fields } of findStartWarnings(server, box)) logger.warn(message, fields);
  } catch (thrown) {
    logger.debug("the machine could not be looked at", { reason: String(thrown) });
  }
}
