// The version of a resource that a job is given next, and how far it has come.

import type { KnownVersion, ResourceKey, ResourceReader } from "../../store/store.ts";

export interface Taker {
  readonly job: string;
  readonly mode: "latest" | "every";
  /** Jobs that it has to have passed; empty: any is good. */
  readonly passed: readonly string[];
}

export interface NextVersion extends KnownVersion {
  /** The place up to which the job was given them, or runs were begun for it: beyond that is what nobody has. */
  readonly upTo: number;
}

/** With `every` each in its turn, from the first sight on; once there is no more, or else, the newest. */
export async function findNext(
  resources: Pick<ResourceReader, "newest" | "next" | "cursor">,
  key: ResourceKey,
  { job, mode, passed }: Taker,
): Promise<NextVersion | undefined> {
  const upTo = await resources.cursor(key, job);
  const inTurn = mode === "every" && upTo > 0 ? await resources.next(key, passed, upTo) : undefined;
  const found = inTurn ?? (await resources.newest(key, passed));
  return found && { ...found, upTo };
}
