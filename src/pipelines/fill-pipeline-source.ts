// The text of a YAML pipeline with the vars filled that are given as it is set.

import type { JsonValue } from "../core/json.ts";
import { loadConcourse } from "./compile-yaml.ts";

/** @throws {AppError} VALIDATION_FAILED, LOAD_FAILED, with lines. */
export function fillPipelineSource(source: string, values: Readonly<Record<string, JsonValue>>): string {
  return loadConcourse().fillSource(source, values);
}
