// A secret as JSON: where it is, never what it is.

import { timeToJson } from "../core/run-json.ts";
import type { SecretOverview } from "../engine/engine.ts";

export interface SecretJson {
  readonly name: string;
  /** null: of every pipeline. */
  readonly pipeline: string | null;
  readonly updated_at: string;
}

export function secretToJson({ name, pipeline, updatedAt }: SecretOverview): SecretJson {
  return { name, pipeline, updated_at: timeToJson(updatedAt) };
}
