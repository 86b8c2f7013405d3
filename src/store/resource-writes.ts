// What can be written of the versions of resources. Times are milliseconds since the Unix epoch.

import type { ResourceVersion } from "../core/resource-version.ts";

/** A resource of a pipeline; another `scope` begins afresh, as when its source was changed. */
export interface ResourceKey {
  readonly pipeline: string;
  readonly resource: string;
  readonly scope: string;
}

/** A version of a resource that a run is begun for: these jobs are to take it. */
export interface BegunVersion {
  readonly resource: string;
  readonly scope: string;
  readonly jobs: readonly string[];
  /** What all jobs of a run get that ask for the newest, or one of those that each have a run of its own. */
  readonly mode: "latest" | "every";
  readonly version: ResourceVersion;
  /** Its place then. */
  readonly seq: number;
}

export type ResourceWrite =
  /** They come after those that are known, in their order; the last is the newest from now on, also where it was known. */
  | (ResourceKey & {
      readonly type: "resource.found";
      readonly versions: readonly ResourceVersion[];
      /** The newest when they were looked for: nothing is written where that is another by now. Absent: no matter. */
      readonly from?: ResourceVersion | null;
      readonly at: number;
    })
  /** A job is given it. */
  | (ResourceKey & { readonly type: "resource.take"; readonly job: string; readonly version: ResourceVersion })
  /** A run is begun for a job and the version at this place. */
  | (ResourceKey & { readonly type: "resource.begin"; readonly job: string; readonly seq: number })
  /** The job has succeeded with it. */
  | (ResourceKey & {
      readonly type: "resource.pass";
      readonly job: string;
      readonly version: ResourceVersion;
      readonly runId: string;
    })
  /** Removes what is beyond the newest versions. */
  | (ResourceKey & { readonly type: "resource.trim"; readonly keep: number });
