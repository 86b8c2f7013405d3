// Asking a container to end, and ending it.

import { readFileSync } from "node:fs";
import { constants } from "node:os";
import type { Clock } from "../../core/clock.ts";
import type { ContainerEngine } from "./container-engine.ts";
import { type ContainerState, findContainer } from "./container-state.ts";

export interface StopOptions {
  readonly engine: ContainerEngine;
  readonly name: string;
  readonly graceMs: number;
  readonly clock: Clock;
}

/** What the engine may take for a stop beyond the grace. */
const slackMs = 10_000;

/**
 * SIGTERM to the first process, and SIGKILL after the grace, in whole seconds. True where SIGTERM was not enough.
 * @throws {AppError} CONTAINER_ENGINE_UNAVAILABLE.
 */
export async function stopContainer({ engine, name, graceMs, clock }: StopOptions): Promise<boolean> {
  const state = await findContainer(engine, name);
  if (state === null) return false;
  if (isDeafToTerm(state)) {
    await engine.ask(["kill", name], { timeoutMs: slackMs });
    return false;
  }
  const graceSeconds = Math.ceil(graceMs / 1000);
  const startedAt = clock.elapsed();
  // `-t` is called --time or --timeout in full, by the engine's age.
  await engine.ask(["stop", "-t", String(graceSeconds), name], { timeoutMs: graceSeconds * 1000 + slackMs });
  return clock.elapsed() - startedAt >= graceSeconds * 1000;
}

const sigtermBit = 1n << BigInt(constants.signals.SIGTERM - 1);

/**
 * True where the first process has never heard of SIGTERM: the kernel then keeps the signal from it, and waiting would
 * be in vain. One that handles, blocks or ignores it gets its grace. Only known where the container is on this machine.
 */
function isDeafToTerm({ pid, id }: ContainerState): boolean {
  if (!(pid > 1) || id === "") return false;
  try {
    if (!readFileSync(`/proc/${pid}/cgroup`, "latin1").includes(id)) return false;
    const status = readFileSync(`/proc/${pid}/status`, "latin1");
    const masks = [...status.matchAll(/^Sig(?:Blk|Ign|Cgt):\s*([0-9a-f]+)$/gm)].map(([, mask]) => BigInt(`0x${mask}`));
    return masks.length === 3 && masks.every((mask) => (mask & sigtermBit) === 0n);
  } catch {
    return false; // It ended by now.
  }
}
