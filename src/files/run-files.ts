// What runs keep on disk.

import { join } from "node:path";
import { ArtifactFiles } from "./artifact-files.ts";
import { Caches } from "./caches.ts";
import { type RemoveTree, Volumes } from "./volumes.ts";

export interface RunFiles {
  readonly volumes: Volumes;
  readonly caches: Caches;
  readonly artifacts: ArtifactFiles;
}

export interface RunFilesOptions {
  /** Holds `volumes/`, `caches/` and `artifacts/`; made when needed, mode 0700. */
  readonly dataDir: string;
  readonly maxArtifactBytes: number;
  readonly removeTree: RemoveTree;
}

export function openRunFiles({ dataDir, maxArtifactBytes, removeTree }: RunFilesOptions): RunFiles {
  const caches = new Caches(join(dataDir, "caches"), removeTree);
  const volumes = new Volumes(join(dataDir, "volumes"), removeTree, caches);
  return { volumes, caches, artifacts: new ArtifactFiles(join(dataDir, "artifacts"), maxArtifactBytes, volumes) };
}
