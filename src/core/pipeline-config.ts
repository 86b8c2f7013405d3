// What a script says about itself in `export const config`, validated.

import type { JsonValue } from "./json.ts";

export const paramTypes = ["string", "number", "boolean"] as const;
export type ParamType = (typeof paramTypes)[number];

export interface ParamSpec {
  readonly type: ParamType;
  readonly default?: string | number | boolean;
  readonly enum?: readonly (string | number | boolean)[];
  readonly required: boolean;
  readonly description?: string;
}

export interface WebhookConfig {
  /** Pinned provider; absent: detected by headers. */
  readonly provider?: string;
  /** `env:NAME`, `file:/path` or the secret itself; absent: every request is accepted. */
  readonly secret?: string;
  /** A caller may follow its run with `?stream=1`. */
  readonly stream?: boolean;
}

export interface PipelineConfig {
  /** `false`: this pipeline has no webhook. */
  readonly webhook: WebhookConfig | false;
  readonly params: Readonly<Record<string, ParamSpec>>;
  /** Wall-clock limit of a run, waiting included; absent: none. */
  readonly timeoutMs?: number;
  /** Memory maximum of the sandbox; absent: the default of 64 MiB. */
  readonly memoryBytes?: number;
  /** How many runs of this pipeline may execute at once; absent: no own limit. */
  readonly concurrencyLimit?: number;
}

export type ParamValues = Readonly<Record<string, JsonValue>>;
