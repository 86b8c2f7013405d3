// The door of concourse/: YAML pipelines become scripts.

export { compilePipeline, type CompiledPipeline, locateYamlField, type PlacedProblem } from "./compile-pipeline.ts";
export { listSteps } from "./list-steps.ts";
export { fillSource } from "./fill-source.ts";
export type { Place, VarPlan } from "./plan.ts";
