// The door of pipelines/: files become pipelines in force.

export { type Bundle, loadBundle } from "./bundle.ts";
export { fillPipelineSource } from "./fill-pipeline-source.ts";
export { compileFile, type CompiledFile } from "./compile-yaml.ts";
export { checkResource, type ResourceStep, type ResourceStepEnd } from "./concourse/check-resource.ts";
export { resourceScope } from "./concourse/resource-scope.ts";
export { fillVars, findGiven, isGiven, SecretValue, type VarRef, type VarValue } from "./concourse/var-text.ts";
export { checkUploadId } from "./check-upload-id.ts";
export { type Catalog, type CatalogChange, type CatalogOptions, openCatalog } from "./catalog.ts";
export type { ReadExports } from "./load-pipeline.ts";
export { parseParams } from "./parse-params.ts";
export type { Pipeline, PipelineVersion, Problem, SavedVersion } from "./pipeline.ts";
export type { UploadSteps } from "./uploads.ts";
