// What a run needs of the rest of the server.

import type { Clock } from "../core/clock.ts";
import type { PipelineConfig } from "../core/pipeline-config.ts";
import type { Executor, Fetcher } from "../executors/executors.ts";
import type { RunFiles } from "../files/files.ts";
import type { SandboxPool } from "../sandbox/sandbox.ts";
import type { ApprovalLinks, SecretReader } from "../secrets/secrets.ts";
import type { Bundle, NewRun, Store } from "../store/store.ts";
import type { Logger, Redactor } from "../telemetry/telemetry.ts";
import type { Children } from "./children.ts";
import type { FetchSlots } from "./fetch-slots.ts";
import type { ConfiguredVars } from "./configured-vars.ts";
import type { Followers } from "./followers.ts";
import type { Locks } from "./locks.ts";
import type { PipelineSetter } from "./pipeline-setter.ts";
import type { StepSlots } from "./step-slots.ts";
import type { KnownTargets } from "./written-calls.ts";

export interface RunParts {
  readonly store: Store;
  readonly pool: SandboxPool;
  readonly executor: Executor;
  readonly fetcher: Fetcher;
  readonly files: RunFiles;
  readonly secrets: SecretReader;
  /** Knows all secrets that runs may use. */
  readonly redactor: Redactor;
  readonly stepSlots: StepSlots;
  readonly fetchSlots: FetchSlots;
  /** One after the other: the version of a resource that one is given, or begun for, is on record before the next one looks. */
  readonly versionTurns: StepSlots;
  readonly children: Children;
  readonly locks: Locks;
  readonly pipelineSetter: PipelineSetter;
  readonly approvalLinks: Pick<ApprovalLinks, "make" | "parse">;
  /** There is a server by which somebody can answer an approval or send a signal. */
  readonly takesNews: boolean;
  readonly followers: Pick<Followers, "endRun">;
  readonly targets: KnownTargets;
  readonly vars: ConfiguredVars;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** What the engine makes itself of the rest. */
export type MadePart =
  "stepSlots" | "fetchSlots" | "versionTurns" | "children" | "locks" | "pipelineSetter" | "followers" | "targets";

/** The version of a pipeline that a run is pinned to. */
export interface PinnedVersion {
  readonly bundle: Bundle;
  readonly config: PipelineConfig;
}

/** Whether others than those with the token may read the run's log: the sender of a webhook, where the config says so. */
export function isLogShared({ trigger }: Pick<NewRun, "trigger">, { webhook }: PipelineConfig): boolean {
  return trigger === "webhook" && webhook !== false && webhook.stream === true;
}
