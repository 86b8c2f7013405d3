// The calls of the HTTP API that the benchmarks make.

import type { ServerProcess } from "./server-process.ts";

interface RunAnswer {
  readonly id: string;
  readonly status: string;
  readonly result: unknown;
}

type Params = Readonly<Record<string, number | string>>;

export async function request(server: ServerProcess, method: string, path: string, body?: unknown): Promise<unknown> {
  const response = await fetch(`http://127.0.0.1:${String(server.port)}${path}`, {
    method,
    headers: { authorization: `Bearer ${server.token}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${path} answered ${String(response.status)}: ${text}`);
  return JSON.parse(text) as unknown;
}

/** Runs a pipeline to its end and gives its result. */
export async function runPipeline(server: ServerProcess, id: string, params: Params): Promise<unknown> {
  const run = (await request(server, "POST", `/api/pipelines/${id}/trigger?wait=60s`, { params })) as RunAnswer;
  if (run.status !== "succeeded") throw new Error(`${id} ended as ${run.status}: ${JSON.stringify(run)}`);
  return run.result;
}

/** Resolves with the run's id as soon as the server has taken it. */
export async function triggerPipeline(server: ServerProcess, id: string, params: Params = {}): Promise<string> {
  const answer = (await request(server, "POST", `/api/pipelines/${id}/trigger`, { params })) as { run_id: string };
  return answer.run_id;
}

export async function getRun(server: ServerProcess, id: string): Promise<RunAnswer> {
  return (await request(server, "GET", `/api/runs/${id}`)) as RunAnswer;
}

export async function cancelRun(server: ServerProcess, id: string): Promise<void> {
  await request(server, "POST", `/api/runs/${id}/cancel`);
}

/** The ids of the runs of a pipeline that have this status, at most 500. */
export async function listRunIds(server: ServerProcess, pipeline: string, status: string): Promise<readonly string[]> {
  const path = `/api/runs?pipeline=${pipeline}&status=${status}&limit=500`;
  const { runs } = (await request(server, "GET", path)) as { runs: readonly RunAnswer[] };
  return runs.map((run) => run.id);
}

export async function findNewestRunId(server: ServerProcess): Promise<string> {
  const { runs } = (await request(server, "GET", "/api/runs?limit=1")) as { runs: readonly RunAnswer[] };
  const [run] = runs;
  if (run === undefined) throw new Error("there is no run yet");
  return run.id;
}

/** An answer whose body is still to be read. */
export async function openText(server: ServerProcess, path: string): Promise<Response> {
  const response = await fetch(`http://127.0.0.1:${String(server.port)}${path}`, {
    headers: { authorization: `Bearer ${server.token}` },
  });
  if (response.ok) return response;
  throw new Error(`GET ${path} answered ${String(response.status)}: ${await response.text()}`);
}
