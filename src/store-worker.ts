// Entry of the store's worker: all writing to the database happens in this thread.

import { feature } from "bun:bundle";
import { armFaultPoint } from "./core/fault-point.ts";
import { serveCommits, type WorkerScope } from "./store/store.ts";

declare const self: WorkerScope;

if (feature("FAULTS")) {
  const { environment } = await import("./config.ts");
  armFaultPoint(environment["RUNNER_FAULT"] ?? "");
}
serveCommits(self);
