// The door of files/: what runs keep on disk, volumes while they live and artifacts after that.

export { openRunFiles, type RunFiles } from "./run-files.ts";
