// The problems of a config, for the tests of what it may hold.

import type { PipelineConfig } from "../../../src/core/pipeline-config.ts";
import type { FieldProblem } from "../../../src/core/field-problem.ts";
import { parsePipelineConfig } from "../../../src/pipelines/parse-pipeline-config.ts";

export function problemsOf(config: unknown): readonly FieldProblem[] {
  const parsed = parsePipelineConfig(config);
  return parsed.ok ? [] : parsed.problems;
}

/** @throws where it has problems. */
export function configOf(config: unknown): PipelineConfig {
  const parsed = parsePipelineConfig(config);
  if (parsed.ok) return parsed.config;
  throw new Error(JSON.stringify(parsed.problems));
}
