// The door of concourse/: YAML pipelines become scripts.

export {
  compilePipeline,
  type CompiledPipeline,
  locateYamlField,
  type NamedTarget,
  type PlacedProblem,
} from "./compile-pipeline.ts";
export { fillSource } from "./fill-source.ts";
export type { VarPlan } from "./plan.ts";
