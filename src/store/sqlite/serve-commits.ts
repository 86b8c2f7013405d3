// The loop of the store's worker: requests in, replies out, in order. Writing blocks this thread and no other.

import { feature } from "bun:bundle";
import { faultPoint } from "../../core/fault-point.ts";
import { CommitWriter } from "./commit-writer.ts";
import { packError, toStoreError } from "./sqlite-error.ts";
import type { WorkerReply, WorkerRequest } from "./worker-messages.ts";

/** The global scope of a worker, as far as it is used here. */
export interface WorkerScope {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: WorkerReply): void;
}

/** With nothing to write for this long, what is in the write-ahead log is moved into the file. */
const idleMs = 2000;

/** Serves the one store that opened this worker, until it closes. */
export function serveCommits(scope: WorkerScope): void {
  let path = "";
  let writer: CommitWriter | undefined;
  let idle: ReturnType<typeof setTimeout> | undefined;
  const answer = (request: WorkerRequest): WorkerReply => {
    switch (request.type) {
      case "open":
        path = request.path;
        writer = new CommitWriter(path);
        return { type: "opened" };
      case "batch":
        return { type: "committed", failures: writer?.write(request.commits) ?? [] };
      case "close":
        writer?.close();
        return { type: "closed" };
    }
  };
  const attempts = { open: "cannot open", batch: "cannot write to", close: "cannot close" } as const;
  scope.onmessage = ({ data }: MessageEvent<WorkerRequest>) => {
    clearTimeout(idle);
    if (feature("FAULTS") && data.type === "batch") faultPoint("before write batch");
    let reply: WorkerReply;
    try {
      reply = answer(data);
    } catch (error) {
      reply = { type: "failed", error: packError(toStoreError(error, `${attempts[data.type]} the database ${path}`)) };
    }
    if (feature("FAULTS") && data.type === "batch") faultPoint("after write batch");
    scope.postMessage(reply);
    if (data.type === "batch") idle = setTimeout(() => writer?.tidy(), idleMs);
  };
}
