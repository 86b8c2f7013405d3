// A pipeline as JSON. What its webhook's secret is never leaves the server, only whether there is one.

import type { ConflictRule, PipelineConfig } from "../core/pipeline-config.ts";
import { runToJson, timeToJson, type RunJson } from "../core/run-json.ts";
import { webhookPath, webhookUrl } from "../core/webhook-address.ts";
import type { WebhookAlgorithm } from "../core/webhook-provider.ts";
import type { PipelineOverview } from "../engine/engine.ts";
import type { Problem } from "../pipelines/pipelines.ts";
import { scheduleConfigToJson, type ScheduleConfigJson } from "./schedule-json.ts";

export interface ProblemJson {
  readonly severity: "error" | "warning";
  readonly file: string;
  readonly line: number | null;
  readonly column: number | null;
  readonly message: string;
  readonly hint: string | null;
}

export interface WebhookJson {
  readonly path: string;
  /** null: the server was not told the address that others reach it by. */
  readonly url: string | null;
  readonly provider: string | null;
  /** "sha1" where the pipeline asks for that; null: the provider's own. */
  readonly algorithm: WebhookAlgorithm | null;
  readonly signed: boolean;
  /** Where its secret stands: in the file, or given with an upload; null where there is none. */
  readonly secret_from: "file" | "upload" | null;
  /** null: every request that is accepted starts a run. */
  readonly when: string | null;
}

export interface PipelineConfigJson {
  /** null: the pipeline has no webhook. */
  readonly webhook: WebhookJson | null;
  readonly params: PipelineConfig["params"];
  readonly timeout_ms: number | null;
  readonly memory_bytes: number | null;
  readonly priority: number;
  readonly concurrency_limit: number | null;
  /** null: its own. */
  readonly concurrency_key: string | null;
  readonly on_conflict: ConflictRule;
  readonly schedules: readonly ScheduleConfigJson[];
  readonly after: NonNullable<PipelineConfig["after"]>;
  readonly jobs: NonNullable<PipelineConfig["jobs"]>;
}

export interface PipelineJson {
  readonly id: string;
  readonly file: string;
  readonly state: "ok" | "broken";
  /** Hash of the version in force; null where there never was a good one. */
  readonly version: string | null;
  readonly loaded_at: string | null;
  readonly config: PipelineConfigJson | null;
  readonly problems: readonly ProblemJson[];
  /** It starts no runs until it is resumed. */
  readonly paused: boolean;
  readonly last_run: RunJson | null;
}

/** `publicUrl`: the address that others reach the server by. */
export function pipelineToJson(overview: PipelineOverview, publicUrl: string | null = null): PipelineJson {
  const { pipeline, lastRun, paused } = overview;
  const { id, file, state, version, problems } = pipeline;
  return {
    id,
    file,
    state,
    version: version?.bundle.hash ?? null,
    loaded_at: version ? timeToJson(version.loadedAt) : null,
    config: version ? configToJson(overview, version.config, publicUrl) : null,
    problems: problems.map(problemToJson),
    paused,
    last_run: lastRun ? runToJson(lastRun) : null,
  };
}

function problemToJson({ severity, file, line, column, message, hint }: Problem): ProblemJson {
  return { severity, file, line, column, message, hint };
}

function configToJson(
  { pipeline, secretFrom }: PipelineOverview,
  config: PipelineConfig,
  publicUrl: string | null,
): PipelineConfigJson {
  const { id } = pipeline;
  const { webhook, params } = config;
  return {
    webhook: webhook
      ? {
          path: webhookPath(id),
          url: publicUrl === null ? null : webhookUrl(publicUrl, id),
          provider: webhook.provider ?? null,
          algorithm: webhook.algorithm ?? null,
          signed: secretFrom !== null,
          secret_from: secretFrom,
          when: webhook.when ?? null,
        }
      : null,
    params,
    timeout_ms: config.timeoutMs ?? null,
    memory_bytes: config.memoryBytes ?? null,
    priority: config.priority ?? 0,
    concurrency_limit: config.concurrencyLimit ?? null,
    concurrency_key: config.concurrencyKey ?? null,
    on_conflict: config.onConflict ?? "queue",
    schedules: (config.schedules ?? []).map(scheduleConfigToJson),
    after: config.after ?? [],
    jobs: config.jobs ?? [],
  };
}
