// A resource of a YAML pipeline as JSON: when it is checked, and its newest versions with what they have passed.

import type { ResourceVersion } from "../core/resource-version.ts";
import { timeToJson } from "../core/run-json.ts";
import type { ResourceOverview } from "../engine/engine.ts";

export interface ResourceJson {
  readonly pipeline: string;
  readonly name: string;
  readonly type: string;
  /** null: only when it is asked for. */
  readonly check_every_ms: number | null;
  /** Since the server began. */
  readonly last_check: { readonly at: string; readonly error: string | null } | null;
  readonly next_check: string | null;
  readonly paused: boolean;
  /** The newest first, at most 20. */
  readonly versions: readonly ResourceVersionJson[];
}

export interface ResourceVersionJson {
  readonly version: ResourceVersion;
  readonly found_at: string;
  readonly passed: readonly { readonly job: string; readonly run_id: string }[];
}

export function resourceToJson(resource: ResourceOverview): ResourceJson {
  const { pipeline, name, type, checkEveryMs, lastCheck, nextCheckAt, paused, versions } = resource;
  return {
    pipeline,
    name,
    type,
    check_every_ms: checkEveryMs,
    last_check: lastCheck && { at: timeToJson(lastCheck.at), error: lastCheck.error },
    next_check: nextCheckAt === null ? null : timeToJson(nextCheckAt),
    paused,
    versions: versions.map(({ version, foundAt, passed }) => ({
      version,
      found_at: timeToJson(foundAt),
      passed: passed.map(({ job, runId }) => ({ job, run_id: runId })),
    })),
  };
}
