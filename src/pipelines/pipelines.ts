// The door of pipelines/: files become pipelines in force.

export { type Bundle, loadBundle } from "./bundle.ts";
export { checkUploadId } from "./check-upload-id.ts";
export { type Catalog, type CatalogChange, type CatalogOptions, openCatalog } from "./catalog.ts";
export type { ReadExports } from "./load-pipeline.ts";
export { parseParams } from "./parse-params.ts";
export type { Pipeline, PipelineVersion, Problem, SavedVersion } from "./pipeline.ts";
export type { UploadSteps } from "./uploads.ts";
