// The values a run's parameters have.

import type { PipelineConfig, ParamValues } from "../core/pipeline-config.ts";
import type { Trigger } from "../core/run.ts";
import { parseParams } from "../pipelines/pipelines.ts";

/**
 * Declared parameters with the given values and the defaults.
 * @throws {AppError} PARAM_INVALID listing every problem.
 */
export function resolveParams(
  config: PipelineConfig,
  given: Readonly<Record<string, unknown>>,
  trigger: Trigger,
): ParamValues {
  return trigger === "webhook" ? resolveDefaults(config) : parseParams(config.params, given);
}

/** Of a run that nobody can be asked for parameters: required ones are simply absent. */
export function resolveDefaults(config: PipelineConfig): ParamValues {
  const optional = Object.entries(config.params).map(([name, spec]) => [name, { ...spec, required: false }] as const);
  return parseParams(Object.fromEntries(optional), {});
}
