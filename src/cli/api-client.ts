// The HTTP API as the commands use it: problem+json becomes an AppError, a failing connection SERVER_NOT_FOUND.

import { AppError, errorCodes, type ErrorCode } from "../core/app-error.ts";
import type { LogEntryJson } from "../core/log-entry-json.ts";
import type { ServerAddress } from "./find-server.ts";
import type { RunJson } from "../core/run-json.ts";

export interface RunFilter {
  readonly pipeline?: string | undefined;
  readonly status?: string | undefined;
  readonly limit: number;
}

export interface RunListJson {
  readonly runs: readonly RunJson[];
  readonly next_cursor: string | null;
}

/** What the commands need of a pipeline. */
export interface PipelineSummary {
  readonly id: string;
  readonly state: "ok" | "broken";
  readonly config: { readonly webhook: { readonly path: string; readonly signed: boolean } | null } | null;
}

export interface LogRequest {
  /** Only entries with a greater `seq`. */
  readonly after: number;
  /** Until the run has ended; else what is there now. */
  readonly follow: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface TriggerRequest {
  readonly params: Readonly<Record<string, string>>;
  readonly args: readonly string[];
}

/** All verbs throw {AppError} SERVER_NOT_FOUND, or what the server answered. */
export interface ApiClient {
  readonly url: string;
  trigger(pipeline: string, request: TriggerRequest, signal?: AbortSignal): Promise<{ readonly run_id: string }>;
  getRun(id: string): Promise<RunJson>;
  listRuns(filter: RunFilter): Promise<RunListJson>;
  listPipelines(): Promise<readonly PipelineSummary[]>;
  cancel(id: string): Promise<RunJson>;
  /** @throws {AppError} SERVER_GONE when the connection breaks in the middle. */
  readLogs(id: string, request: LogRequest): AsyncGenerator<LogEntryJson, void, undefined>;
}

export interface ApiClientOptions {
  readonly address: ServerAddress;
  readonly fetch: typeof fetch;
  /** How long an answer may take. */
  readonly timeoutMs?: number;
  /** How long a followed log may be silent; the server sends an empty line more often than that. */
  readonly silenceMs?: number;
}

interface Request {
  readonly method?: "POST";
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
}

export function createApiClient(options: ApiClientOptions): ApiClient {
  const { url } = options.address;
  const timeoutMs = options.timeoutMs ?? 30_000;
  const ask = async (path: string, request: Request = {}): Promise<unknown> => {
    const timeout = AbortSignal.timeout(timeoutMs);
    const signal = request.signal ? AbortSignal.any([timeout, request.signal]) : timeout;
    return readJson(await send(options, path, { ...request, signal }), url);
  };
  const runPath = (id: string): string => `/api/runs/${encodeURIComponent(id)}`;
  return {
    url,
    async trigger(pipeline, { params, args }, signal) {
      const path = `/api/pipelines/${encodeURIComponent(pipeline)}/trigger`;
      const answer = await ask(path, { method: "POST", body: { params, args }, signal });
      if (isRecord(answer) && typeof answer["run_id"] === "string") return { run_id: answer["run_id"] };
      throw notRunner(url);
    },
    getRun: async (id) => asRun(await ask(runPath(id)), url),
    cancel: async (id) => asRun(await ask(`${runPath(id)}/cancel`, { method: "POST" }), url),
    async listRuns({ pipeline, status, limit }) {
      const query = new URLSearchParams({ limit: String(limit) });
      if (pipeline !== undefined) query.set("pipeline", pipeline);
      if (status !== undefined) query.set("status", status);
      const answer = await ask(`/api/runs?${query.toString()}`);
      if (isRecord(answer) && Array.isArray(answer["runs"])) return answer as unknown as RunListJson;
      throw notRunner(url);
    },
    async listPipelines() {
      const answer = await ask("/api/pipelines");
      if (isRecord(answer) && Array.isArray(answer["pipelines"])) return answer["pipelines"];
      throw notRunner(url);
    },
    readLogs: (id, request) => readLogs(options, `${runPath(id)}/logs`, request),
  };
}

async function* readLogs(
  options: ApiClientOptions,
  path: string,
  request: LogRequest,
): AsyncGenerator<LogEntryJson, void, undefined> {
  const silence = new AbortController();
  const silenceMs = options.silenceMs ?? 60_000;
  // Counts only while we wait for the server, not while a slow reader of ours holds us up.
  const awaited = async <T>(answer: Promise<T>): Promise<T> => {
    const timer = setTimeout(() => silence.abort(new Error(`silent for ${silenceMs} ms`)), silenceMs);
    return await answer.finally(() => clearTimeout(timer));
  };
  const signal = AbortSignal.any(request.signal ? [silence.signal, request.signal] : [silence.signal]);
  let parts: AsyncIterator<Uint8Array> | undefined;
  const query = `?format=ndjson&after=${request.after}${request.follow ? "&follow=1" : ""}`;
  try {
    const response = await awaited(send(options, path + query, { signal }));
    const decoder = new TextDecoder();
    let rest = "";
    parts = response.body?.[Symbol.asyncIterator]();
    while (parts) {
      const { done, value } = await awaited(parts.next());
      // A last line without its newline is a whole entry, or a cut one that the parser refuses.
      const lines = (rest + (done ? "\n" : decoder.decode(value, { stream: true }))).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) if (line.trim() !== "") yield parseLogLine(line, options.address.url);
      if (done) return;
    }
  } catch (cause) {
    if (cause instanceof AppError || request.signal?.aborted) throw cause;
    throw new AppError("SERVER_GONE", `the connection to the server at ${options.address.url} broke`, { cause });
  } finally {
    void parts?.return?.().catch(() => undefined);
  }
}

function parseLogLine(line: string, url: string): LogEntryJson {
  try {
    const entry: unknown = JSON.parse(line);
    if (isRecord(entry) && typeof entry["seq"] === "number" && typeof entry["text"] === "string") {
      return entry as unknown as LogEntryJson;
    }
  } catch {}
  throw notRunner(url);
}

async function send({ address, fetch }: ApiClientOptions, path: string, request: Request): Promise<Response> {
  const headers = new Headers({ accept: "application/json, application/x-ndjson, application/problem+json" });
  if (address.token !== null) headers.set("authorization", `Bearer ${address.token}`);
  if (request.body !== undefined) headers.set("content-type", "application/json");
  try {
    const response = await fetch(address.url + path, {
      method: request.method ?? "GET",
      headers,
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      ...(request.signal ? { signal: request.signal } : {}),
      // A redirect could carry the token to another host.
      redirect: "manual",
      // A proxy set for the whole machine cannot reach this machine's own loopback.
      ...(isLoopback(address.url) ? { proxy: false as never } : {}),
    });
    if (response.ok) return response;
    throw await readProblem(response, address);
  } catch (cause) {
    if (cause instanceof AppError || (request.signal?.aborted && !isTimeout(request.signal.reason))) throw cause;
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new AppError("SERVER_NOT_FOUND", `the server at ${address.url} does not answer: ${reason}`, {
      cause,
      hint: "start it with `runner serve`, or name another with --server URL",
    });
  }
}

function isLoopback(url: string): boolean {
  return /^https?:\/\/(?:127\.|localhost[:/]|localhost$|\[::1\])/.test(url);
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === "TimeoutError";
}

async function readJson(response: Response, url: string): Promise<unknown> {
  try {
    return await response.json();
  } catch {
    throw notRunner(url);
  }
}

/** RFC 9457, with our `code` and `hint`; a code this version does not know becomes the nearest of the same class. */
async function readProblem(response: Response, address: ServerAddress): Promise<AppError> {
  const problem: unknown = await response.json().catch(() => null);
  const code = isRecord(problem) ? problem["code"] : undefined;
  if (!isRecord(problem) || typeof code !== "string") return notRunner(address.url, `HTTP ${response.status}`);
  const message = [problem["detail"], problem["title"], code].find((text) => typeof text === "string" && text !== "");
  const hint = response.status === 401 ? tokenHint(address) : problem["hint"];
  return new AppError(isErrorCode(code) ? code : codeOfStatus(response.status), String(message), {
    ...(typeof hint === "string" ? { hint } : {}),
    details: problem,
  });
}

function isErrorCode(code: string): code is ErrorCode {
  return Object.hasOwn(errorCodes, code);
}

function codeOfStatus(status: number): ErrorCode {
  if (status === 401 || status === 403) return "UNAUTHORIZED";
  if (status === 404) return "NOT_FOUND";
  return status >= 500 ? "STORE_UNAVAILABLE" : "BAD_REQUEST";
}

function tokenHint({ tokenFrom, url }: ServerAddress): string {
  if (tokenFrom === "RUNNER_TOKEN") return `the token in RUNNER_TOKEN is not the one of ${url}`;
  if (tokenFrom === "note") return "the server's token was changed while it ran: restart the server";
  return "set RUNNER_TOKEN to the content of runner.token in the server's data folder";
}

function notRunner(url: string, answer = "something else"): AppError {
  return new AppError("SERVER_NOT_FOUND", `what answers at ${url} is not a runner server: it said ${answer}`, {
    hint: "check the address given with --server or RUNNER_SERVER",
  });
}

function asRun(answer: unknown, url: string): RunJson {
  const isRun = isRecord(answer) && typeof answer["id"] === "string" && Array.isArray(answer["steps"]);
  if (isRun) return answer as unknown as RunJson;
  throw notRunner(url);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
