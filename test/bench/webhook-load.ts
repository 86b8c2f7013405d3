// Signed webhooks to one pipeline, from a process of their own.

import type { LoadRequest, LoadResult } from "./load-client.ts";
import { runScript, type ServerProcess } from "./server-process.ts";

export interface WebhookLoad extends Pick<LoadRequest, "connections" | "warmUpMs" | "measureMs"> {
  readonly pipeline: string;
  /** Each is to be answered with it. */
  readonly status: number;
}

export async function sendWebhooks(server: ServerProcess, load: WebhookLoad): Promise<LoadResult> {
  const { pipeline, status, ...others } = load;
  const path = `/api/webhooks/${pipeline}`;
  const request: LoadRequest = { port: server.port, path, secret: "bench-secret", ...others };
  const result = await runScript<LoadResult>("load-client.ts", [JSON.stringify(request)]);
  const other = Object.keys(result.statuses).filter((answered) => answered !== String(status));
  if (other.length === 0) return result;
  throw new Error(`${pipeline}: expected ${String(status)}, got ${JSON.stringify(result.statuses)}`);
}
