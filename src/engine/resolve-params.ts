// The values a run's parameters have.

import type { PipelineConfig, ParamValues } from "../core/pipeline-config.ts";
import type { Trigger } from "../core/run.ts";
import { parseParams } from "../pipelines/pipelines.ts";

/**
 * Declared parameters with the given values and the defaults.
 * A webhook gives none, and cannot be asked for one: there, required parameters are simply absent.
 * @throws {AppError} PARAM_INVALID listing every problem.
 */
export function resolveParams(
  config: PipelineConfig,
  given: Readonly<Record<string, unknown>>,
  trigger: Trigger,
): ParamValues {
  if (trigger !== "webhook") return parseParams(config.params, given);
  const optional = Object.entries(config.params).map(([name, spec]) => [name, { ...spec, required: false }] as const);
  return parseParams(Object.fromEntries(optional), given);
}
