// Making sure that an image is there, by the step's pull policy.

import { AppError } from "../../core/app-error.ts";
import type { Clock } from "../../core/clock.ts";
import { formatDuration } from "../../core/duration.ts";
import type { ContainerEngine } from "./container-engine.ts";
import { reasonOf } from "./engine-command.ts";
import { type FoundEngine, nameEngine } from "./find-engine.ts";

export interface PullOptions {
  readonly engine: ContainerEngine;
  readonly image: string;
  readonly signal: AbortSignal;
  readonly onNote: (text: string) => void;
  readonly clock: Clock;
}

/** A pull may take as long as the step's own time limit lets it; this is only for the case that nothing limits it. */
const longestPullMs = 24 * 60 * 60 * 1000;

/** Progress is told no oftener than this, however many layers there are. */
const noteEveryMs = 3000;

/** @throws {AppError} IMAGE_UNAVAILABLE with the engine's own reason. */
export async function pullImage({ engine, image, signal, onNote, clock }: PullOptions): Promise<void> {
  const startedAt = clock.elapsed();
  let notedAt = startedAt;
  onNote(`pulling the image ${image}`);
  const end = await engine.ask(["pull", image], {
    signal,
    timeoutMs: longestPullMs,
    onLine: (line) => {
      if (clock.elapsed() - notedAt < noteEveryMs) return;
      notedAt = clock.elapsed();
      onNote(`pulling ${image}: ${line.slice(0, 200)}`);
    },
  });
  if (end.code === 0) {
    onNote(`pulled ${image} in ${formatDuration(Math.round(clock.elapsed() - startedAt))}`);
    return;
  }
  const by = nameEngine(await engine.find());
  throw new AppError("IMAGE_UNAVAILABLE", `the image ${image} could not be pulled by ${by}: ${reasonOf(end)}`, {
    hint: "check its name and tag, the network, and whether the registry wants a login",
  });
}

export function neverPulled(image: string, engine: FoundEngine): AppError {
  return new AppError("IMAGE_UNAVAILABLE", `${nameEngine(engine)} has no image ${image}, and pull is "never"`, {
    hint: `make or pull it first, or say pull: "missing"`,
  });
}

/** True where the engine's words say that it does not have the image. */
export function saysNoImage(text: string): boolean {
  return /no such image|image not known|unable to find image|image.*does not exist/i.test(text);
}
