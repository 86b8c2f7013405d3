// What the steps of a job share: who they are, what was executed, and which versions of resources it has used and made.

import type { Place, Plan, Version } from "../plan.ts";
import type { RunVars } from "./run-vars.ts";
import type { RunVersions } from "./run-versions.ts";

export interface UsedVersion {
  readonly resource: string;
  readonly scope: string;
  readonly version: Version;
}

export interface JobContext {
  readonly name: string;
  /** Of its jobs those that the run is for. */
  readonly plan: Plan;
  readonly vars: RunVars;
  readonly versions: RunVersions;
  /** Names of tasks, gets and puts in the order they began. */
  readonly executed: string[];
  readonly used: UsedVersion[];
  /** What the jobs that this one needs have used and made, nothing where one was skipped; absent: it is not in this run. */
  readonly earlier: ReadonlyMap<string, readonly UsedVersion[]>;
  /** A failed `assert`, which no hook and no `try` can undo. */
  readonly refuted: { readonly message: string; readonly at: Place }[];
}
