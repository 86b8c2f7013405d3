// What the file of a pipeline may be, on either side of an upload.

export const pipelineExtensions = [".ts", ".js", ".mts", ".mjs"] as const;

export type PipelineExtension = (typeof pipelineExtensions)[number];

export const maxPipelineFileBytes = 1024 ** 2;

/** The extension that this text is; undefined where it is none of a pipeline. */
export function findPipelineExtension(text: unknown): PipelineExtension | undefined {
  return pipelineExtensions.find((each) => each === text);
}
