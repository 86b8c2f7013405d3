// Entry of the store's worker: all writing to the database happens in this thread.

import { serveCommits, type WorkerScope } from "./store/store.ts";

declare const self: WorkerScope;

serveCommits(self);
