// The door of pipelines/: files become pipelines in force.

import type { PipelineConfig } from "../core/pipeline-config.ts";
import type { Bundle } from "./bundle.ts";

/** One problem of a pipeline's file. Line and column from 1; null where the problem is not at a place. */
export interface Problem {
  /** Path below the pipelines folder, with extension. */
  readonly file: string;
  readonly line: number | null;
  readonly column: number | null;
  readonly message: string;
  readonly hint: string | null;
}

/** The version of a pipeline that runs would begin with now. */
export interface PipelineVersion {
  readonly bundle: Bundle;
  readonly config: PipelineConfig;
  readonly file: string;
  readonly loadedAt: number;
}

/** A pipeline as the catalog knows it. */
export interface Pipeline {
  /** Path below the pipelines folder without extension. */
  readonly id: string;
  readonly file: string;
  /** `broken`: the file on disk does not load; the last good version, where there is one, is in force. */
  readonly state: "ok" | "broken";
  readonly version: PipelineVersion | null;
  readonly problems: readonly Problem[];
}

export { loadBundle, type Bundle } from "./bundle.ts";
export { openCatalog, type Catalog, type CatalogOptions } from "./catalog.ts";
