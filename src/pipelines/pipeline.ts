// What the catalog knows of a pipeline: the version in force and the problems of its file.

import type { Bundle } from "../core/bundle.ts";
import type { PipelineConfig } from "../core/pipeline-config.ts";

/** One problem of a pipeline's file. Line and column from 1; null where the problem is not at a place. */
export interface Problem {
  /** A warning leaves the file in force; an error breaks it. */
  readonly severity: "error" | "warning";
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
  /** Milliseconds since the Unix epoch. */
  readonly loadedAt: number;
}

/** A version as it is kept over a restart; its bundle is kept apart, by hash. */
export interface SavedVersion {
  readonly pipeline: string;
  readonly file: string;
  readonly bundleHash: string;
  readonly config: PipelineConfig;
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

/** A problem that breaks its file. */
export function createError(
  file: string,
  message: string,
  hint: string | null = null,
  place: { readonly line: number; readonly column: number } | null = null,
): Problem {
  return { severity: "error", file, line: place?.line ?? null, column: place?.column ?? null, message, hint };
}
