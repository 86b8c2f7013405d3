// `github.dispatch`: begins workflows of a repository, by a request that is a step like that of `fetch`.
// https://docs.github.com/en/rest/repos/repos#create-a-repository-dispatch-event

import { type FetchAnswer } from "./fetch-answer.ts";
import { fetchPrepared } from "./fetch.ts";
import { defineGlobal, hostText, parseJson, stringifyJson } from "./host.ts";
import { readOptions, readTimeout } from "./known-options.ts";
import { findNoJson } from "./no-json.ts";
import { readOnInterrupt, readRetry } from "./retry-options.ts";
import { readToken } from "./secret-text.ts";
import { utf8Length } from "./text-encoding.ts";

const caller = "github.dispatch";
const known = ["repo", "eventType", "payload", "token", "apiUrl", "timeout", "retry", "onInterrupt"] as const;
const example = '{ repo: "owner/name", eventType: "deploy", payload: {…}, token: "secret:GITHUB_TOKEN" }';

/** GitHub's own limits. */
const maxEventTypeLength = 100;
const maxProperties = 10;
const maxPayloadBytes = 65_535;

function fail(message: string): never {
  throw new TypeError(`${caller}: ${message}`);
}

function readRepository(repo: unknown): string {
  const parts = typeof repo === "string" ? repo.split("/") : [];
  const isName = (part: string): boolean => /^[\w.-]{1,100}$/.test(part) && part !== "." && part !== "..";
  if (parts.length === 2 && parts.every(isName)) return parts.join("/");
  return fail(`repo must be "owner/name", not ${stringifyJson(repo) ?? typeof repo}`);
}

function readEventType(eventType: unknown): string {
  if (typeof eventType !== "string" || eventType === "") return fail("eventType must be a text, as in the workflow");
  if (eventType.length <= maxEventTypeLength) return eventType;
  return fail(`eventType has ${eventType.length} characters; GitHub takes ${maxEventTypeLength}`);
}

function readPayload(payload: unknown): object {
  if (payload === undefined || payload === null) return {};
  if (typeof payload !== "object" || Array.isArray(payload)) {
    return fail(`payload must be an object, not ${Array.isArray(payload) ? "a list" : `a ${typeof payload}`}`);
  }
  const properties = Object.keys(payload).length;
  if (properties > maxProperties) {
    return fail(`payload has ${properties} properties; GitHub takes ${maxProperties}: put some into one object`);
  }
  const noJson = findNoJson(payload);
  if (noJson !== null) return fail(`payload: ${noJson}`);
  const bytes = utf8Length(stringifyJson(payload));
  return bytes <= maxPayloadBytes ? payload : fail(`payload has ${bytes} bytes; GitHub takes ${maxPayloadBytes}`);
}

/** Of GitHub Enterprise, or of a test. */
function readApiUrl(apiUrl: unknown): string {
  if (apiUrl === undefined || apiUrl === null) return "https://api.github.com";
  const parsed = typeof apiUrl === "string" ? parseJson(hostText("parse_url", stringifyJson({ url: apiUrl }))) : null;
  const { protocol, search, hash } = (parsed ?? {}) as Readonly<Record<string, string>>;
  if ((protocol === "https:" || protocol === "http:") && search === "" && hash === "") {
    return String(apiUrl).replace(/\/+$/, "");
  }
  return fail('apiUrl must be an address like "https://github.example.org/api/v3"');
}

async function dispatch(given: unknown): Promise<void> {
  const options = readOptions(caller, given, known, example);
  const repository = readRepository(options.repo);
  const body = { event_type: readEventType(options.eventType), client_payload: readPayload(options.payload) };
  const url = `${readApiUrl(options.apiUrl)}/repos/${repository}/dispatches`;
  const answer = await fetchPrepared({
    url,
    method: "POST",
    headers: {
      accept: "application/vnd.github+json",
      authorization: readToken(caller, options.token, "Bearer "),
      "content-type": "application/json",
      "user-agent": "runner",
      "x-github-api-version": "2022-11-28",
    },
    body: stringifyJson(body),
    timeout: readTimeout(caller, options.timeout),
    // A token goes nowhere but where it was sent.
    redirect: "manual",
    retry: readRetry(caller, options.retry ?? { attempts: 4 }),
    // Better twice than never: nobody would see that nothing has begun.
    onInterrupt: readOnInterrupt(caller, options.onInterrupt ?? "retry"),
  });
  if (!answer.ok) throw refused(repository, answer);
}

const hints: Readonly<Record<number, string>> = {
  401: "the token is not one, or is over its time",
  403: "the token may not write contents of the repository, or GitHub wants less of them",
  404: "the repository is not there, or the token may not write its contents",
};

function refused(repository: string, answer: FetchAnswer): Error {
  let reason: unknown;
  try {
    reason = (answer.json() as { message?: unknown } | null)?.message;
  } catch {
    reason = undefined;
  }
  const said = typeof reason === "string" ? `: ${reason.slice(0, 300)}` : "";
  const message = `${caller}: ${repository} was not told: HTTP ${answer.status}${said}`;
  const hint = hints[answer.status];
  return Object.assign(new Error(message), {
    code: "FETCH_FAILED",
    status: answer.status,
    ...(hint === undefined ? {} : { hint }),
  });
}

export function installGithub(): void {
  defineGlobal("github", { dispatch });
}
