// Loads one address over several connections for some seconds and prints what it saw as JSON; a process of its own.

import { openHttpConnection } from "./http-connection.ts";
import { createSignedRequests } from "./signed-request.ts";
import { percentile } from "./statistics.ts";

export interface LoadRequest {
  readonly port: number;
  readonly path: string;
  readonly secret: string;
  readonly connections: number;
  readonly warmUpMs: number;
  readonly measureMs: number;
}

export interface LoadResult {
  readonly requestsPerSecond: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  /** How often each status was answered; `error` where there was no answer. */
  readonly statuses: Readonly<Record<string, number>>;
}

async function load(request: LoadRequest): Promise<LoadResult> {
  const nextRequest = createSignedRequests(request.path, request.secret);
  const latencies: number[] = [];
  const statuses: Record<string, number> = {};
  const measureFrom = performance.now() + request.warmUpMs;
  const end = measureFrom + request.measureMs;

  const work = async () => {
    const connection = await openHttpConnection(request.port);
    for (;;) {
      const bytes = nextRequest();
      const sentAt = performance.now();
      if (sentAt >= end) break;
      const status = String(await connection.send(bytes).catch(() => "error"));
      if (sentAt >= measureFrom) {
        latencies.push(performance.now() - sentAt);
        statuses[status] = (statuses[status] ?? 0) + 1;
      }
      if (status === "error") break;
    }
    connection.close();
  };
  await Promise.all(Array.from({ length: request.connections }, work));
  const seconds = (performance.now() - measureFrom) / 1000;
  return {
    requestsPerSecond: latencies.length / seconds,
    p50Ms: percentile(latencies, 0.5),
    p99Ms: percentile(latencies, 0.99),
    statuses,
  };
}

if (import.meta.main) {
  console.log(JSON.stringify(await load(JSON.parse(Bun.argv[2] ?? "{}") as LoadRequest)));
  process.exit(0);
}
