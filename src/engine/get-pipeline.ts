// The pipeline that a request names, and the version of it that a new run begins with.

import { AppError } from "../core/app-error.ts";
import { didYouMean } from "../core/did-you-mean.ts";
import type { Catalog, Pipeline, PipelineVersion, Problem } from "../pipelines/pipelines.ts";

/**
 * The version of a pipeline that a new run begins with.
 * @throws {AppError} PIPELINE_NOT_FOUND; PIPELINE_BROKEN where no version of it was ever good.
 */
export function getVersion(catalog: Pick<Catalog, "get" | "list">, id: string): PipelineVersion {
  const pipeline = getPipeline(catalog, id);
  if (pipeline.version !== null) return pipeline.version;
  const problem = pipeline.problems.find(({ severity }) => severity === "error");
  throw new AppError(
    "PIPELINE_BROKEN",
    `pipeline ${JSON.stringify(id)} does not load: ${problem === undefined ? "unknown" : describeProblem(problem)}`,
    {
      hint: problem?.hint ?? "`runner check` shows every problem with its line",
    },
  );
}

function describeProblem({ file, line, message }: Problem): string {
  return `${line === null ? file : `${file}:${line}`}: ${message}`;
}

/** @throws {AppError} PIPELINE_NOT_FOUND. */
export function getPipeline(catalog: Pick<Catalog, "get" | "list">, id: string): Pipeline {
  const pipeline = catalog.get(id);
  if (pipeline !== undefined) return pipeline;
  const meant = didYouMean(
    id,
    catalog.list().map((each) => each.id),
  );
  throw new AppError("PIPELINE_NOT_FOUND", `there is no pipeline ${JSON.stringify(id.slice(0, 200))}`, {
    hint:
      meant === undefined
        ? "its id is the file's path below the pipelines folder, without the extension"
        : `did you mean ${JSON.stringify(meant)}?`,
  });
}
