// `http` and `webhookTrigger`: the request that started the run, its answer, and conditions on it.

import { notify } from "./calls.ts";
import { defineGlobal, host, hostText, parseJson, stringifyJson } from "./host.ts";

export interface RequestValue {
  readonly provider: string;
  readonly eventType: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  readonly query: Readonly<Record<string, string>>;
}

let current: RequestValue | undefined;
let responded = false;

export function setRequest(request: RequestValue | null): void {
  current = request === null ? undefined : { ...request, headers: caseless(request.headers) };
}

/** Headers are listed in lower case and read in any case. */
function caseless(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  const lower = (name: string | symbol): string | symbol => (typeof name === "string" ? name.toLowerCase() : name);
  return new Proxy(Object.assign(Object.create(null) as Record<string, string>, headers), {
    get: (target, name) => Reflect.get(target, lower(name)) as unknown,
    has: (target, name) => Reflect.has(target, lower(name)),
    getOwnPropertyDescriptor: (target, name) => Reflect.getOwnPropertyDescriptor(target, lower(name)),
  });
}

const headerName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const headerValue = /^[\t\u0020-\u007E\u0080-\u00FF]*$/;
const hopByHop = new Set([
  "connection",
  "content-length",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authorization",
  "te",
  "trailer",
  "transfer-encoding",
  "upgrade",
]);

function checkHeaders(headers: unknown): Record<string, string> {
  if (headers === undefined || headers === null) return {};
  if (typeof headers !== "object") throw new TypeError("http.respond: headers must be an object of texts");
  const checked: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const text = String(value);
    if (!headerName.test(name)) throw new TypeError(`http.respond: ${stringifyJson(name)} is not a valid header name`);
    if (!headerValue.test(text)) {
      throw new TypeError(`http.respond: the value of header ${name} has a line break or another forbidden character`);
    }
    if (hopByHop.has(name.toLowerCase())) {
      throw new TypeError(`http.respond: header ${name} belongs to the connection; the server sets it`);
    }
    checked[name.toLowerCase()] = text;
  }
  return checked;
}

function respond(response: { status?: unknown; body?: unknown; headers?: unknown } = {}): void {
  if (typeof response !== "object" || response === null)
    throw new TypeError("http.respond: takes { status, body, headers }");
  const status = response.status === undefined ? 200 : Number(response.status);
  if (!Number.isInteger(status) || status < 200 || status > 599) {
    throw new RangeError(`http.respond: status must be a whole number from 200 to 599, not ${String(response.status)}`);
  }
  const body = response.body === undefined || response.body === null ? "" : response.body;
  if (typeof body !== "string") {
    throw new TypeError(`http.respond: body must be a text, not ${typeof body}; use JSON.stringify for data`);
  }
  const checked = { status, headers: checkHeaders(response.headers), body };
  if (responded || current === undefined) return;
  responded = true;
  notify("respond", "http.respond", checked);
}

function webhookTrigger(expression: unknown): boolean {
  if (current === undefined) return true;
  const answer = parseJson(hostText("condition", String(expression))) as { value: boolean; error?: string };
  if (answer.error !== undefined) {
    const text = `webhookTrigger(${stringifyJson(String(expression))}): ${answer.error}`;
    host("console", stringifyJson({ level: "error", text }));
  }
  return answer.value;
}

export function installHttp(): void {
  defineGlobal("http", { request: () => current, respond });
  defineGlobal("webhookTrigger", webhookTrigger);
}
