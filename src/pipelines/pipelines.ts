// The door of pipelines/: files become pipelines in force.

export { type Bundle, type BundleResult, loadBundle } from "./bundle.ts";
export { type Catalog, type CatalogChange, type CatalogOptions, openCatalog } from "./catalog.ts";
export type { FieldProblem } from "./field-problem.ts";
export { type ReadExports, type ReadExportsResult, type ScriptExports } from "./load-pipeline.ts";
export { parseParams } from "./parse-params.ts";
export { parsePipelineConfig } from "./parse-pipeline-config.ts";
export type { Pipeline, PipelineVersion, Problem, SavedVersion } from "./pipeline.ts";
