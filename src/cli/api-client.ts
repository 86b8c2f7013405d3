// The HTTP API as the commands use it: problem+json becomes an AppError, a failing connection SERVER_NOT_FOUND.

import { AppError } from "../core/app-error.ts";
import { journalRecordFromJson } from "../core/journal-json.ts";
import type { JournalRecord } from "../core/journal-record.ts";
import type { JsonValue } from "../core/json.ts";
import type { LogEntryJson } from "../core/log-entry-json.ts";
import { asRun, asStarted, isRecord, maxAnswerBytes, notRunner, readJson, readProblem } from "./api-answer.ts";
import { connectionTo } from "./connection-to.ts";
import { createEventVerbs, type EventVerbs } from "./event-verbs.ts";
import type { ServerAddress } from "./find-server.ts";
import { createOtherVerbs, type OtherVerbs } from "./other-verbs.ts";
import type { RunJson } from "../core/run-json.ts";
import { createPipelineVerbs, pipelinePath, type PipelineVerbs } from "./pipeline-verbs.ts";

export interface RunFilter {
  readonly pipeline?: string | undefined;
  readonly status?: string | undefined;
  readonly limit: number;
}

export interface RunListJson {
  readonly runs: readonly RunJson[];
  readonly next_cursor: string | null;
}

export interface LogRequest {
  /** Only entries with a greater `seq`. */
  readonly after: number;
  /** Until the run has ended; else what is there now. */
  readonly follow: boolean;
  readonly signal?: AbortSignal | undefined;
}

export interface TriggerRequest {
  readonly params: Readonly<Record<string, JsonValue>>;
  readonly args: readonly string[];
  readonly jobs?: readonly string[];
}

export interface DecisionRequest {
  readonly approved: boolean;
  readonly by?: string;
  readonly comment?: string;
}

/** All verbs throw {AppError} SERVER_NOT_FOUND, or what the server answered. */
export interface ApiClient extends PipelineVerbs, EventVerbs, OtherVerbs {
  readonly url: string;
  trigger(pipeline: string, request: TriggerRequest, signal?: AbortSignal): Promise<{ readonly run_id: string }>;
  /** A run again, from its beginning or from a step. */
  rerun(
    id: string,
    options: { readonly from: string | undefined },
    signal?: AbortSignal,
  ): Promise<{ readonly run_id: string }>;
  getRun(id: string): Promise<RunJson>;
  listRuns(filter: RunFilter): Promise<RunListJson>;
  cancel(id: string): Promise<RunJson>;
  decide(id: string, approval: string, decision: DecisionRequest): Promise<RunJson>;
  /** `value`: any JSON. */
  signal(id: string, name: string, value: unknown): Promise<RunJson>;
  /**
   * What a run recorded, with its bundled script where that is asked for.
   * @throws {AppError} SERVER_GONE when the connection breaks in the middle.
   */
  readJournal(id: string, withScript: boolean, signal?: AbortSignal): AsyncGenerator<JournalRecord, void, undefined>;
  /** The bytes of a file that a run kept. @throws {AppError} SERVER_GONE when the connection breaks in the middle. */
  readArtifact(runId: string, name: string, signal?: AbortSignal): AsyncGenerator<Uint8Array, void, undefined>;
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

/** What answers may be no server of ours, and is not to fill our memory. An entry of a log has 64 KiB of text. */
const maxLogLineChars = 4 * 1024 * 1024;

interface Request {
  readonly method?: "POST" | "PUT" | "PATCH" | "DELETE";
  readonly body?: unknown;
  readonly signal?: AbortSignal | undefined;
  /** How long the answer may take, where that is not what it may for others. */
  readonly timeoutMs?: number;
}

type Ask = (path: string, request?: Request) => Promise<unknown>;

export function createApiClient(options: ApiClientOptions): ApiClient {
  const { url } = options.address;
  const timeoutMs = options.timeoutMs ?? 30_000;
  const ask: Ask = async (path, given = {}) => {
    const timeout = AbortSignal.timeout(given.timeoutMs ?? timeoutMs);
    const signal = given.signal ? AbortSignal.any([timeout, given.signal]) : timeout;
    const response = await send(options, path, { ...given, signal });
    return response.status === 204 ? null : readJson(response, url);
  };
  const lines = (path: string, signal: AbortSignal): AsyncIterable<string> =>
    readLines(options, path, maxLogLineChars, signal);
  const others = { ...createEventVerbs(url, ask, lines), ...createOtherVerbs(url, ask) };
  return { url, ...createRunVerbs(options, ask), ...createPipelineVerbs(url, ask), ...others };
}

function createRunVerbs(
  options: ApiClientOptions,
  ask: Ask,
): Omit<ApiClient, "url" | keyof (PipelineVerbs & EventVerbs & OtherVerbs)> {
  const { url } = options.address;
  const runPath = (id: string): string => `/api/runs/${encodeURIComponent(id)}`;
  return {
    async trigger(pipeline, { params, args, jobs = [] }, signal) {
      const path = `${pipelinePath(pipeline)}/trigger`;
      return asStarted(
        await ask(path, { method: "POST", body: { params, args, ...(jobs.length === 0 ? {} : { jobs }) }, signal }),
        url,
      );
    },
    rerun: async (id, body, signal) =>
      asStarted(await ask(`${runPath(id)}/rerun`, { method: "POST", body, signal }), url),
    getRun: async (id) => asRun(await ask(runPath(id)), url),
    cancel: async (id) => asRun(await ask(`${runPath(id)}/cancel`, { method: "POST" }), url),
    decide: async (id, approval, body) =>
      asRun(await ask(`${runPath(id)}/approvals/${encodeURIComponent(approval)}`, { method: "POST", body }), url),
    signal: async (id, name, body) =>
      asRun(await ask(`${runPath(id)}/signals/${encodeURIComponent(name)}`, { method: "POST", body }), url),
    async listRuns({ pipeline, status, limit }) {
      const query = new URLSearchParams({ limit: String(limit) });
      if (pipeline !== undefined) query.set("pipeline", pipeline);
      if (status !== undefined) query.set("status", status);
      const answer = await ask(`/api/runs?${query.toString()}`);
      if (isRecord(answer) && Array.isArray(answer["runs"])) return answer as unknown as RunListJson;
      throw notRunner(url);
    },
    readArtifact: (id, name, signal) =>
      readPieces(options, `${runPath(id)}/artifacts/${encodeURIComponent(name)}`, signal),
    readJournal: (id, withScript, signal) => readJournal(options, `${runPath(id)}/journal`, withScript, signal),
    readLogs: (id, request) => readLogs(options, `${runPath(id)}/logs`, request),
  };
}

async function* readLogs(
  options: ApiClientOptions,
  path: string,
  request: LogRequest,
): AsyncGenerator<LogEntryJson, void, undefined> {
  const query = `?format=ndjson&after=${request.after}${request.follow ? "&follow=1" : ""}`;
  for await (const line of readLines(options, path + query, maxLogLineChars, request.signal)) {
    yield parseLogLine(line, options.address.url);
  }
}

async function* readJournal(
  options: ApiClientOptions,
  path: string,
  withScript: boolean,
  signal: AbortSignal | undefined,
): AsyncGenerator<JournalRecord, void, undefined> {
  const { url } = options.address;
  for await (const line of readLines(options, withScript ? `${path}?script=1` : path, maxAnswerBytes, signal)) {
    let json: unknown;
    try {
      json = JSON.parse(line);
    } catch {
      throw notRunner(url);
    }
    yield journalRecordFromJson(json);
  }
}

/** Those that are not empty: a silent stream sends empty ones. */
async function* readLines(
  options: ApiClientOptions,
  path: string,
  maxChars: number,
  signal: AbortSignal | undefined,
): AsyncGenerator<string, void, undefined> {
  const decoder = new TextDecoder();
  let parts: string[] = [];
  let chars = 0;
  for await (const piece of readPieces(options, path, signal)) {
    const [first = "", ...lines] = decoder.decode(piece, { stream: true }).split("\n");
    parts.push(first);
    chars += first.length;
    for (const line of lines) {
      const whole = parts.join("");
      if (whole.trim() !== "") yield whole;
      parts = [line];
      chars = line.length;
    }
    if (chars > maxChars) throw notRunner(options.address.url, "a line without an end");
  }
  // A last line without its newline is whole, or a cut one that is no JSON.
  const rest = parts.join("");
  if (rest.trim() !== "") yield rest;
}

/** The body of an answer as it comes, all that was announced of it. */
async function* readPieces(
  options: ApiClientOptions,
  path: string,
  cancelled: AbortSignal | undefined,
): AsyncGenerator<Uint8Array, void, undefined> {
  const silence = new AbortController();
  const silenceMs = options.silenceMs ?? 60_000;
  // Counts only while we wait for the server, not while a slow reader of ours holds us up.
  const awaited = async <T>(answer: Promise<T>): Promise<T> => {
    const timer = setTimeout(() => silence.abort(new Error(`silent for ${silenceMs} ms`)), silenceMs);
    return await answer.finally(() => clearTimeout(timer));
  };
  const signal = AbortSignal.any(cancelled ? [silence.signal, cancelled] : [silence.signal]);
  let parts: AsyncIterator<Uint8Array> | undefined;
  try {
    const response = await awaited(send(options, path, { signal }));
    // The length of a compressed body is not that of what it holds.
    const announced = response.headers.has("content-encoding") ? null : response.headers.get("content-length");
    let length = 0;
    parts = response.body?.[Symbol.asyncIterator]();
    while (parts) {
      const { done, value } = await awaited(parts.next());
      if (done) break;
      length += value.length;
      yield value;
    }
    if (announced !== null && length !== Number(announced)) throw new Error(`${length} of ${announced} bytes came`);
  } catch (cause) {
    if (cause instanceof AppError || cancelled?.aborted) throw cause;
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
    const { base, options } = await connectionTo(address);
    const response = await fetch(base + path, {
      method: request.method ?? "GET",
      headers,
      ...(request.body === undefined ? {} : { body: JSON.stringify(request.body) }),
      ...(request.signal ? { signal: request.signal } : {}),
      // A redirect could carry the token to another host.
      redirect: "manual",
      ...options,
    });
    if (response.ok) return response;
    throw await readProblem(response, address);
  } catch (cause) {
    if (cause instanceof AppError || (request.signal?.aborted && !isTimeout(request.signal.reason))) throw cause;
    const { reason, hint } = explainSilence(cause, address.url);
    throw new AppError("SERVER_NOT_FOUND", `the server at ${address.url} does not answer: ${reason}`, { cause, hint });
  }
}

function explainSilence(cause: unknown, url: string): { readonly reason: string; readonly hint: string } {
  const message = cause instanceof Error ? cause.message : String(cause);
  const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
  if (/certificate|CERT/.test(message + code)) {
    const hint = "to trust a certificate of your own, set NODE_EXTRA_CA_CERTS=/path/cert.pem for this command";
    return { reason: `its certificate is not trusted (${message})`, hint };
  }
  if (code === "ECONNRESET" && url.startsWith("http:")) {
    return {
      reason: "it closed the connection",
      hint: `it may speak HTTPS: try --server ${url.replace("http", "https")}`,
    };
  }
  const hint = "start it with `runner serve`, or name another with --server URL";
  return { reason: code === "ConnectionRefused" ? "nothing listens there" : message, hint };
}

function isTimeout(reason: unknown): boolean {
  return reason instanceof DOMException && reason.name === "TimeoutError";
}
