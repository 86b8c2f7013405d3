// What the file of a pipeline may be, on either side of an upload.

export const pipelineExtensions = [".ts", ".js", ".mts", ".mjs", ".yml", ".yaml"] as const;

export type PipelineExtension = (typeof pipelineExtensions)[number];

export const maxPipelineFileBytes = 1024 ** 2;

/** The extension that this text is; undefined where it is none of a pipeline. */
export function findPipelineExtension(text: unknown): PipelineExtension | undefined {
  return pipelineExtensions.find((each) => each === text);
}

/** Whether a path is that of a pipeline's file; types of a script are none. */
export function isPipelineFile(path: string): boolean {
  return /\.(?:m?[jt]s|ya?ml)$/.test(path) && !/\.d\.m?ts$/.test(path);
}

/** Whether a pipeline's file is compiled to a script, rather than one itself. */
export function isYamlFile(path: string): boolean {
  return /\.ya?ml$/.test(path);
}

/** A path without the extension of a pipeline's file, if it has one. */
export function withoutPipelineExtension(path: string): string {
  return path.replace(/\.(?:m?[jt]s|ya?ml)$/, "");
}
