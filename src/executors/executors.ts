// The door of executors/: the contract of what does the work of a step, and its implementations.

export type * from "./executor.ts";
export { createFetcher, type Fetcher, type FetchResponse } from "./fetch/fetcher.ts";
export { createProcessExecutor, type ProcessExecutorOptions } from "./process/process-executor.ts";
