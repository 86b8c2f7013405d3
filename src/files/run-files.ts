// What runs keep on disk.

import { join } from "node:path";
import { ArtifactFiles } from "./artifact-files.ts";
import { type RemoveTree, Volumes } from "./volumes.ts";

export interface RunFiles {
  readonly volumes: Volumes;
  readonly artifacts: ArtifactFiles;
}

export interface RunFilesOptions {
  /** Holds `volumes/` and `artifacts/`; made when needed, mode 0700. */
  readonly dataDir: string;
  readonly maxArtifactBytes: number;
  readonly removeTree: RemoveTree;
}

export function openRunFiles({ dataDir, maxArtifactBytes, removeTree }: RunFilesOptions): RunFiles {
  const volumes = new Volumes(join(dataDir, "volumes"), removeTree);
  return { volumes, artifacts: new ArtifactFiles(join(dataDir, "artifacts"), maxArtifactBytes, volumes) };
}
