// What commands ask of the server about pipelines and their schedules.

import { isRecord, notRunner } from "./api-answer.ts";

/** What the commands need of a pipeline. */
export interface PipelineSummary {
  readonly id: string;
  readonly state: "ok" | "broken";
  readonly config: { readonly webhook: WebhookSummary | null } | null;
  readonly problems?: readonly { readonly message: string }[];
}

export interface WebhookSummary {
  readonly path: string;
  /** Where the server knows the address it is reached by from outside. */
  readonly url?: string | null;
  readonly provider?: string | null;
  readonly algorithm?: string | null;
  readonly signed: boolean;
}

/** When runs of a pipeline begin by themselves. */
export interface ScheduleSummary {
  readonly pipeline: string;
  readonly schedule: string;
  readonly timezone: string;
  readonly next: readonly string[];
  readonly last: string | null;
  readonly paused: boolean;
}

/** A resource of a YAML pipeline. */
export interface ResourceSummary {
  readonly pipeline: string;
  readonly name: string;
  readonly type: string;
  readonly check_every_ms: number | null;
  readonly last_check: { readonly at: string; readonly error: string | null } | null;
  readonly paused: boolean;
  readonly versions: readonly ResourceVersionSummary[];
}

export interface ResourceVersionSummary {
  readonly version: Readonly<Record<string, string>>;
  readonly found_at: string;
  readonly passed: readonly { readonly job: string; readonly run_id: string }[];
}

export interface UploadRequest {
  readonly source: string;
  readonly extension: string;
  /** null: the stored one is removed; absent: it is kept. */
  readonly webhook_secret?: string | null;
}

/** What `set-pipeline` needs of its answer. */
export interface UploadedPipelineJson {
  readonly id: string;
  readonly change: "created" | "updated" | "unchanged";
  readonly warnings: readonly string[];
  readonly config: { readonly webhook: UploadedWebhookJson | null } | null;
}

/** What is wrong with a file that was sent to be looked at. */
export interface CheckedFileJson {
  readonly ok: boolean;
  readonly problems: readonly {
    readonly severity: "error" | "warning";
    readonly file: string;
    readonly line: number | null;
    readonly column: number | null;
    readonly message: string;
    readonly hint: string | null;
  }[];
}

interface UploadedWebhookJson extends WebhookSummary {
  readonly secret_from: "file" | "upload" | null;
}

export interface PipelineVerbs {
  listPipelines(signal?: AbortSignal): Promise<readonly PipelineSummary[]>;
  getPipeline(id: string): Promise<PipelineSummary>;
  setPipeline(id: string, upload: UploadRequest): Promise<UploadedPipelineJson>;
  checkPipeline(id: string, upload: UploadRequest): Promise<CheckedFileJson>;
  removePipeline(id: string): Promise<void>;
  pausePipeline(id: string): Promise<void>;
  resumePipeline(id: string): Promise<void>;
  listSchedules(): Promise<readonly ScheduleSummary[]>;
  listResources(pipeline?: string): Promise<readonly ResourceSummary[]>;
  checkResources(pipeline: string, resource?: string): Promise<readonly ResourceSummary[]>;
}

interface Request {
  readonly method?: "POST" | "PUT" | "DELETE";
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  readonly timeoutMs?: number;
}

/** Each may take a minute, and a few are checked at one time. */
const longestCheckMs = 15 * 60_000;

type Ask = (path: string, request?: Request) => Promise<unknown>;

export function createPipelineVerbs(url: string, ask: Ask): PipelineVerbs {
  return {
    async listPipelines(signal) {
      const answer = await ask("/api/pipelines", { signal });
      if (isRecord(answer) && Array.isArray(answer["pipelines"])) return answer["pipelines"];
      throw notRunner(url);
    },
    async getPipeline(id) {
      const answer = await ask(pipelinePath(id));
      if (isRecord(answer) && typeof answer["id"] === "string") return answer as unknown as PipelineSummary;
      throw notRunner(url);
    },
    async setPipeline(id, upload) {
      const answer = await ask(pipelinePath(id), { method: "PUT", body: upload });
      if (isRecord(answer) && Array.isArray(answer["warnings"])) return answer as unknown as UploadedPipelineJson;
      throw notRunner(url);
    },
    async checkPipeline(id, upload) {
      const answer = await ask(`${pipelinePath(id)}/check`, { method: "POST", body: upload });
      if (isRecord(answer) && Array.isArray(answer["problems"])) return answer as unknown as CheckedFileJson;
      throw notRunner(url);
    },
    async removePipeline(id) {
      await ask(pipelinePath(id), { method: "DELETE" });
    },
    async pausePipeline(id) {
      await ask(`${pipelinePath(id)}/pause`, { method: "POST" });
    },
    async resumePipeline(id) {
      await ask(`${pipelinePath(id)}/resume`, { method: "POST" });
    },
    async listResources(pipeline) {
      const query = pipeline === undefined ? "" : `?pipeline=${encodeURIComponent(pipeline)}`;
      return asResources(await ask(`/api/resources${query}`), url);
    },
    async checkResources(pipeline, resource) {
      const query = resource === undefined ? "" : `?resource=${encodeURIComponent(resource)}`;
      const path = `${pipelinePath(pipeline)}/check-resources${query}`;
      return asResources(await ask(path, { method: "POST", timeoutMs: longestCheckMs }), url);
    },
    async listSchedules() {
      const answer = await ask("/api/schedules");
      if (isRecord(answer) && Array.isArray(answer["schedules"])) return answer["schedules"];
      throw notRunner(url);
    },
  };
}

function asResources(answer: unknown, url: string): readonly ResourceSummary[] {
  if (isRecord(answer) && Array.isArray(answer["resources"])) return answer["resources"] as readonly ResourceSummary[];
  throw notRunner(url);
}

export function pipelinePath(id: string): string {
  return `/api/pipelines/${encodeURIComponent(id)}`;
}
