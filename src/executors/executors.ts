// The door of executors/: the contract of what does the work of a step, and its implementations.

export { ContainerEngine } from "./container/container-engine.ts";
export { createContainerExecutor, type ContainerExecutorOptions } from "./container/container-executor.ts";
export { containerName } from "./container/container-name.ts";
export type * from "./executor.ts";
export type { FetchRequest, FetchResponse } from "./fetch/fetch-request.ts";
export { createFetcher, type Fetcher } from "./fetch/fetcher.ts";
export { createProcessExecutor, type ProcessExecutorOptions } from "./process/process-executor.ts";
export { createTreeRemover } from "./remove-tree.ts";
export { routeExecutor } from "./route-executor.ts";
