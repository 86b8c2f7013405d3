// What a run's calls need for putting pipelines into force.

export interface PipelineSetter {
  /** Path below the pipelines folder; undefined where there is no such pipeline. */
  findFile(id: string): string | undefined;
  /** @throws {AppError} VALIDATION_FAILED, LOAD_FAILED with all problems, SANDBOX_FAILED, STORE_UNAVAILABLE. */
  set(
    id: string,
    upload: { readonly source: string; readonly extension: ".yml" | ".yaml" },
  ): Promise<{ readonly change: "created" | "updated" | "unchanged" }>;
}
