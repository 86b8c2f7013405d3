// The door of store/: the contract, and the implementation on SQLite.

export type * from "./contract.ts";
export type * from "./job-writes.ts";
export type * from "./resource-reads.ts";
export type * from "./resource-writes.ts";
export type * from "./lock-writes.ts";
export type * from "./outbox-reads.ts";
export type * from "./outbox-writes.ts";
export type * from "./reads.ts";
export type * from "./take-over-writes.ts";
export type * from "./writes.ts";
export { journalFormat } from "./journal-format.ts";
export { keptBytes } from "./kept-bytes.ts";
export { openSqliteReader } from "./sqlite/open-sqlite-reader.ts";
export { openSqliteStore } from "./sqlite/open-sqlite-store.ts";
export { serveCommits, type WorkerScope } from "./sqlite/serve-commits.ts";
