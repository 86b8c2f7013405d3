// `volumes` of a script.

import { RunTurns } from "./run-turns.ts";
import { StepSlots } from "./step-slots.ts";
import { takeSlot } from "./take-slot.ts";
import type { Work, WorkContext, WorkResult } from "./work-call.ts";

type VolumeArgs =
  | { readonly name: string; readonly volume?: undefined; readonly cache?: undefined }
  | { readonly cache: string; readonly volume?: undefined }
  | { readonly volume: string; readonly paths: readonly string[] };

export const doVolumeCall: Work = async (args, context) => {
  const call = args as VolumeArgs;
  const { parts, run } = context;
  if (call.volume !== undefined) return await readFiles(call.volume, call.paths, context);
  const { name, path } =
    call.cache === undefined
      ? await parts.files.volumes.create(run.id, call.name)
      : await parts.files.caches.open(run.pipeline, call.cache, parts.clock.now());
  return { value: { name, path } };
};

/**
 * What is read stays in memory until its script has dealt with it, several times over as JSON. One at a time in each
 * run and four in all, or a script that reads a lot at once would have the server killed: 100 calls took 760 MB.
 */
const turns = new RunTurns();
const slots = new StepSlots(4);

async function readFiles(
  volume: string,
  paths: readonly string[],
  { parts, run, signal }: WorkContext,
): Promise<WorkResult> {
  const endTurn = await turns.take(run);
  // Whatever has become of the result by then, the end of the run frees the way for others.
  signal.addEventListener("abort", endTurn);
  let freeSlot = (): void => {};
  const release = (): void => {
    freeSlot();
    endTurn();
  };
  try {
    freeSlot = await takeSlot(slots, signal);
    const value = await parts.files.volumes.readFiles(run.id, volume, paths, signal);
    return { value, after: (handed) => void handed.then(release) };
  } catch (thrown) {
    release();
    throw thrown;
  }
}
