// The request that started the run, its answer, and what is asked about it: `http`, `webhookTrigger`, `webhookDedup`,
// `webhookParams`.

import { isHeaderName, isHeaderValue, isHopByHop } from "../../core/header-field.ts";
import { ask, notify } from "./calls.ts";
import { caseless } from "./caseless.ts";
import { defineGlobal, host, hostText, parseJson, stringifyJson } from "./host.ts";

export interface RequestValue {
  readonly provider: string;
  readonly eventType: string;
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
}

let current: RequestValue | undefined;
let params: Readonly<Record<string, unknown>> = {};
let responded = false;

/** @param runParams of the run itself. */
export function setRequest(request: RequestValue | null, runParams: Readonly<Record<string, unknown>>): void {
  params = runParams;
  current = request === null ? undefined : withBody({ ...request, headers: caseless(request.headers) });
}

/**
 * A long body takes room only where a script asks for it, and then as a text alone: within a message of JSON it would be
 * there three times. `bodyBase64` is that of the exact bytes; few scripts ask for it, and it is not listed.
 */
function withBody(request: RequestValue): RequestValue {
  const define = (name: string, read: () => string, enumerable: boolean): void => {
    const set = (value: unknown): void =>
      void Object.defineProperty(request, name, { value, writable: true, enumerable, configurable: true });
    const get = (): string => {
      const text = read();
      set(text);
      return text;
    };
    Object.defineProperty(request, name, { get, set, enumerable, configurable: true });
  };
  define("body", () => (host("body") as string | undefined) ?? parseJson(hostText("body_json")), true);
  define("bodyBase64", () => hostText("body_base64"), false);
  return request;
}

function checkHeaders(headers: unknown): Record<string, string> {
  if (headers === undefined || headers === null) return {};
  if (typeof headers !== "object") throw new TypeError("http.respond: headers must be an object of texts");
  const checked: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    const text = String(value);
    if (!isHeaderName(name)) throw new TypeError(`http.respond: ${stringifyJson(name)} is not a valid header name`);
    if (!isHeaderValue(text)) {
      throw new TypeError(`http.respond: the value of header ${name} has a line break or another forbidden character`);
    }
    if (isHopByHop(name)) {
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
  return evaluate("condition", "webhookTrigger", String(expression)) === true;
}

/** What has no value tells nothing from others. */
function webhookDedup(given: unknown): boolean {
  const expression = String(given);
  const value = evaluate("expression", "webhookDedup", expression);
  if (value === null || value === "") return false;
  return ask("dedupe", "webhookDedup", { expression, value }) === true;
}

/** Without a webhook each is the run's own parameter of that name. */
function webhookParams(expressions: unknown): Record<string, unknown> {
  if (typeof expressions !== "object" || expressions === null || Array.isArray(expressions)) {
    throw new TypeError('webhookParams: takes an object of expressions, as { ref: "payload.ref" }');
  }
  const values = Object.entries(expressions).map(([name, expression]) => {
    const value = evaluate("expression", `webhookParams: ${name}`, String(expression));
    return [name, current === undefined && Object.hasOwn(params, name) ? params[name] : value] as const;
  });
  return Object.fromEntries(values);
}

/** The host's answer; what is wrong with the expression is in the run's log. */
function evaluate(operation: "condition" | "expression", name: string, expression: string): unknown {
  const { value, error } = parseJson(hostText(operation, expression)) as { value: unknown; error?: string };
  if (error !== undefined) host("console", stringifyJson({ level: "error", text: `${name}: ${error}` }));
  return value;
}

export function installHttp(): void {
  defineGlobal("http", { request: () => current, respond });
  defineGlobal("webhookTrigger", webhookTrigger);
  defineGlobal("webhookDedup", webhookDedup);
  defineGlobal("webhookParams", webhookParams);
}
