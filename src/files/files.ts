// The door of files/: what runs keep on disk, volumes while they live and artifacts after that.

export { type FreeSpaceWatch, openFreeSpaceWatch } from "./free-space.ts";
export { makePrivateFolder } from "./private-folder.ts";
export { openRunFiles, type RunFiles } from "./run-files.ts";
export type { ArtifactSource } from "./artifact-files.ts";
export type { Volume } from "./volumes.ts";
