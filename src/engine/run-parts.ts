// What a run needs of the rest of the server.

import type { Clock } from "../core/clock.ts";
import type { PipelineConfig } from "../core/pipeline-config.ts";
import type { Executor, Fetcher } from "../executors/executors.ts";
import type { RunFiles } from "../files/files.ts";
import type { SandboxPool } from "../sandbox/sandbox.ts";
import type { SecretReader } from "../secrets/secrets.ts";
import type { Bundle, Store } from "../store/store.ts";
import type { Logger } from "../telemetry/telemetry.ts";
import type { FetchSlots } from "./fetch-slots.ts";
import type { StepSlots } from "./step-slots.ts";

export interface RunParts {
  readonly store: Store;
  readonly pool: SandboxPool;
  readonly executor: Executor;
  readonly fetcher: Fetcher;
  readonly files: RunFiles;
  readonly secrets: SecretReader;
  readonly stepSlots: StepSlots;
  readonly fetchSlots: FetchSlots;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** The version of a pipeline that a run is pinned to. */
export interface PinnedVersion {
  readonly bundle: Bundle;
  readonly config: PipelineConfig;
}
