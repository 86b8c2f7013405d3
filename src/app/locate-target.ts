// Where the script is that a command names.

import { basename, dirname, isAbsolute, relative } from "node:path";
import { withoutPipelineExtension } from "../core/pipeline-file.ts";

export interface Target {
  /** The folder that is taken for the pipelines folder. */
  readonly pipelines: string;
  readonly id: string;
  /** Path below the folder; absent where only the pipeline's id is known. */
  readonly file?: string;
}

/** The folder and the id of what is to be run: a file in the pipelines folder is the pipeline it is there. */
export function locateTarget(folder: string, target: string): Target {
  if (!isAbsolute(target)) return { pipelines: folder, id: target };
  const below = relative(folder, target);
  const inside = !below.startsWith("..") && !isAbsolute(below);
  const file = inside ? below : basename(target);
  return { pipelines: inside ? folder : dirname(target), id: withoutPipelineExtension(file), file };
}
