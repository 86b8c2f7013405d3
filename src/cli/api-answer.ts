// What the server's answers are taken for: JSON of the expected shape, or an error.

import { AppError, errorCodes, type ErrorCode } from "../core/app-error.ts";
import { formatByteSize } from "../core/byte-size.ts";
import type { RunJson } from "../core/run-json.ts";
import type { ServerAddress } from "./find-server.ts";

export const maxAnswerBytes = 256 * 1024 * 1024;

export async function readJson(response: Response, url: string): Promise<unknown> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  try {
    for await (const chunk of response.body ?? []) {
      chunks.push(chunk);
      bytes += chunk.length;
      if (bytes > maxAnswerBytes) break;
    }
    if (bytes <= maxAnswerBytes) return JSON.parse(Buffer.concat(chunks).toString()) as unknown;
  } catch {
    throw notRunner(url);
  }
  throw notRunner(url, `over ${formatByteSize(maxAnswerBytes)}`);
}

/** RFC 9457, with our `code` and `hint`; a code this version does not know becomes the nearest of the same class. */
export async function readProblem(response: Response, address: ServerAddress): Promise<AppError> {
  const problem: unknown = await readJson(response, address.url).catch(() => null);
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

export function notRunner(url: string, answer = "something else"): AppError {
  return new AppError("SERVER_NOT_FOUND", `what answers at ${url} is not a runner server: it said ${answer}`, {
    hint: "check the address given with --server or RUNNER_SERVER",
  });
}

/** An answer that has this field is the one. */
export function havingOf(url: string): <T>(answer: Promise<unknown>, field: keyof T & string) => Promise<T> {
  return async <T>(answer: Promise<unknown>, field: keyof T & string): Promise<T> => {
    const value = await answer;
    if (isRecord(value) && value[field] !== undefined) return value as T;
    throw notRunner(url);
  };
}

export function asStarted(answer: unknown, url: string): { readonly run_id: string } {
  const runId = isRecord(answer) ? answer["run_id"] : undefined;
  // It is printed as it is, and pasted into other commands.
  if (typeof runId === "string" && /^\w[\w-]*$/.test(runId)) return { run_id: runId };
  throw notRunner(url);
}

export function asRun(answer: unknown, url: string): RunJson {
  const isRun = isRecord(answer) && typeof answer["id"] === "string" && Array.isArray(answer["steps"]);
  if (isRun) return answer as unknown as RunJson;
  throw notRunner(url);
}

export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
