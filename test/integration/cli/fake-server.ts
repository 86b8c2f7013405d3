// A server with the shapes of the HTTP API and nothing behind them: what each run logs is a script of the test.

import type { EventJson } from "../../../src/core/event-json.ts";
import type { LogEntryJson } from "../../../src/core/log-entry-json.ts";
import type { RedeliveryJson, WholeRequestJson } from "../../../src/core/request-json.ts";
import type { RunJson } from "../../../src/core/run-json.ts";

export interface FakeRun {
  run: RunJson;
  /** What follows the entries already there; ending it ends the stream. */
  readonly log: (after: number, cancelled: Promise<void>) => AsyncIterable<LogEntryJson | "heartbeat">;
}

export interface FakeProblem {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly hint: string;
}

export interface FakeServer {
  readonly url: string;
  readonly token: string;
  /** Method, path and body of every request, in order. */
  readonly requests: { readonly method: string; readonly path: string; readonly body: unknown }[];
  readonly runs: Map<string, FakeRun>;
  /** Recorded webhooks by their ids, and what sending one of them again is answered. */
  readonly received: Map<string, WholeRequestJson>;
  readonly redelivery: Partial<Record<keyof RedeliveryJson, unknown>>;
  /** What is answered instead, by the last word of the path. */
  readonly problems: Map<string, FakeProblem>;
  /** What is listed as they are. */
  readonly schedules: object[];
  readonly resources: object[];
  /** What the next connections that follow are sent, each with its end; listed are those of the first. */
  readonly events: EventJson[][];
  readonly port: number;
  stop(): Promise<void>;
}

export const runId = "0198c0de-0000-7000-8000-000000000001";

export function fakeRun(changes: Partial<RunJson> = {}): RunJson {
  return {
    id: runId,
    pipeline: "deploy",
    trigger: "manual",
    status: "succeeded",
    created_at: "2026-01-02T03:04:05.000Z",
    started_at: "2026-01-02T03:04:05.000Z",
    finished_at: "2026-01-02T03:04:06.500Z",
    result: { deployed: true },
    rerun_of: null,
    triggered_by: "manual",
    parent: null,
    after: null,
    scheduled_at: null,
    wake_at: null,
    error: null,
    steps: [],
    jobs: [],
    artifacts: [],
    ...changes,
  };
}

export function logLine(seq: number, text: string, changes: Partial<LogEntryJson> = {}): LogEntryJson {
  const at = "2026-01-02T03:04:05.000Z";
  return { seq, at, source: "console", level: "info", step_id: null, step_name: null, text, ...changes };
}

export function stepOutput(
  seq: number,
  text: string,
  source: "stdout" | "stderr" = "stdout",
  name = "build",
): LogEntryJson {
  return logLine(seq, text, { source, step_id: `${runId}.1`, step_name: name });
}

const fakePipelines = [
  { id: "broken", state: "broken", config: null },
  { id: "signed", state: "ok", config: { webhook: { path: "/api/webhooks/signed", signed: true } } },
  { id: "deploy", state: "ok", config: { webhook: { path: "/api/webhooks/deploy", signed: false } } },
];

export function startFakeServer(port = 0): FakeServer {
  const token = "test-token";
  const requests: FakeServer["requests"] = [];
  const runs = new Map<string, FakeRun>();
  const problems: FakeServer["problems"] = new Map();
  const schedules: object[] = [];
  const resources: object[] = [];
  const events: FakeServer["events"] = [];
  const received: FakeServer["received"] = new Map();
  const redelivery: FakeServer["redelivery"] = {};
  const cancellations = new Map<string, PromiseWithResolvers<void>>();

  const find = (id: string): FakeRun => {
    const found = runs.get(id);
    if (found) return found;
    throw problem(404, "RUN_NOT_FOUND", `there is no run ${id}`, "`runner runs` lists the latest");
  };

  const handle = async (request: Request): Promise<Response> => {
    const url = new URL(request.url);
    const text = await request.text();
    const path = url.pathname + url.search;
    requests.push({ method: request.method, path, body: text === "" ? null : JSON.parse(text) });
    if (request.headers.get("authorization") !== `Bearer ${token}`) {
      throw problem(401, "UNAUTHORIZED", "the token is missing or wrong", "read runner.token");
    }
    const [, , collection, id = "", verb] = url.pathname.split("/");
    const wanted = problems.get(verb ?? "");
    if (wanted) throw problem(wanted.status, wanted.code, wanted.detail, wanted.hint);
    if (collection === "pipelines" && !id) return Response.json({ pipelines: fakePipelines });
    if (collection === "events" && url.searchParams.has("after")) {
      return new Response((events.shift() ?? []).map((event) => `${JSON.stringify(event)}\n`).join(""));
    }
    if (collection === "events") return Response.json({ events: events[0] ?? [], next_cursor: null });
    if (collection === "schedules") return Response.json({ schedules });
    if (collection === "resources" || verb === "check-resources") return Response.json({ resources });
    if (collection === "pipelines" && verb === "check") {
      const { source } = JSON.parse(text) as { readonly source: string };
      const place = { file: "deploy.ts", line: 2, column: 5, hint: "add one" };
      const problems = source === "good" ? [] : [{ severity: "error", message: "no \u001Bexport", ...place }];
      return Response.json({ ok: problems.length === 0, problems });
    }
    if (collection === "pipelines" && (verb === "pause" || verb === "resume")) return Response.json({ id });
    if (collection === "pipelines" && verb === "trigger") {
      if (decodeURIComponent(id) !== "missing") return Response.json({ run_id: runId }, { status: 202 });
      throw problem(404, "PIPELINE_NOT_FOUND", "there is no pipeline missing", "did you mean deploy?");
    }
    if (collection === "requests" && !id) return Response.json({ requests: [...received.values()], next_cursor: null });
    if (collection === "requests") {
      const found = received.get(id);
      if (!found) throw problem(404, "REQUEST_NOT_FOUND", `there is no request ${id}`, "`runner requests` lists them");
      return Response.json(verb === "redeliver" ? redelivery : found);
    }
    if (collection === "runs" && !id) {
      return Response.json({ runs: [...runs.values()].map(({ run }) => run), next_cursor: null });
    }
    if (collection === "runs" && verb === "rerun") {
      find(id);
      return Response.json({ run_id: runId }, { status: 202 });
    }
    if (collection === "runs" && verb === "logs") return logs(id, Number(url.searchParams.get("after")));
    if (collection === "runs" && verb === "cancel") {
      const found = find(id);
      found.run = { ...found.run, status: "cancelled" };
      cancellation(id).resolve();
      return Response.json(found.run);
    }
    return Response.json(find(id).run);
  };

  const cancellation = (id: string): PromiseWithResolvers<void> => {
    const found = cancellations.get(id) ?? Promise.withResolvers<void>();
    cancellations.set(id, found);
    return found;
  };

  const logs = (id: string, after: number): Response => {
    const entries = find(id).log(after, cancellation(id).promise);
    const body = async function* (): AsyncGenerator<string> {
      for await (const entry of entries) yield entry === "heartbeat" ? "\n" : `${JSON.stringify(entry)}\n`;
    };
    return new Response(body() as never, { headers: { "content-type": "application/x-ndjson" } });
  };

  const server = Bun.serve({
    port,
    hostname: "127.0.0.1",
    idleTimeout: 0,
    fetch: (request) =>
      handle(request).catch((thrown: unknown) => {
        if (thrown instanceof Response) return thrown;
        throw thrown;
      }),
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    port: server.port ?? 0,
    token,
    requests,
    runs,
    received,
    redelivery,
    problems,
    schedules,
    resources,
    events,
    stop: () => server.stop(true),
  };
}

function problem(status: number, code: string, detail: string, hint: string): Response {
  const headers = { "content-type": "application/problem+json" };
  return Response.json({ type: "about:blank", title: code, status, detail, code, hint }, { status, headers });
}
