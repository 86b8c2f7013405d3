// What can be read of the versions of resources.

import type { ResourceVersion } from "../core/resource-version.ts";
import type { ResourceKey } from "./resource-writes.ts";

export interface KnownVersion {
  /** Its place among those of its resource: the higher, the newer. */
  readonly seq: number;
  readonly version: ResourceVersion;
}

/** A version with what became of it. */
export interface ListedVersion extends KnownVersion {
  readonly foundAt: number;
  /** By name. */
  readonly passed: readonly { readonly job: string; readonly runId: string }[];
}

export interface ResourceReader {
  /** The newest of those that each of these jobs has passed; undefined where there is none. */
  newest(key: ResourceKey, passed: readonly string[]): Promise<KnownVersion | undefined>;
  /** The same, but the oldest that is newer than that place. */
  next(key: ResourceKey, passed: readonly string[], afterSeq: number): Promise<KnownVersion | undefined>;
  /** The place up to which a job was given them, or runs were begun for it; 0 where it never had any. */
  cursor(key: ResourceKey, job: string): Promise<number>;
  /** Newest first. */
  list(key: ResourceKey, limit: number): Promise<readonly ListedVersion[]>;
}
