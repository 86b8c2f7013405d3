// What a condition can ask about: the inbound request and its decoded body.

import { parseBoundedJson } from "../core/parse-bounded-json.ts";
import { TextMap } from "./values.ts";

export const variableNames = ["provider", "eventType", "method", "headers", "query", "body", "payload"] as const;
/** What the holes of a text can ask about: the parameters of the run too. */
export const templateVariableNames = [...variableNames, "params"] as const;

export interface ConditionSource {
  readonly provider: string;
  readonly eventType: string;
  readonly method: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface ConditionVariables extends Pick<ConditionSource, "provider" | "eventType" | "method" | "body"> {
  readonly headers: TextMap;
  readonly query: TextMap;
  /** The body as JSON; null where it is none, or nested too deeply. */
  readonly payload: unknown;
}

export interface TemplateVariables extends ConditionVariables {
  readonly params: unknown;
}

/** The variables of one request. What costs anything is made when it is first asked for, and only once. */
export function createConditionVariables(source: ConditionSource): ConditionVariables {
  let decoded: { readonly payload: unknown } | undefined;
  let headers: TextMap | undefined;
  let query: TextMap | undefined;
  let body: string | undefined;
  return {
    provider: source.provider,
    eventType: source.eventType,
    method: source.method,
    get body() {
      return (body ??= source.body);
    },
    get headers() {
      return (headers ??= new TextMap(Object.entries(source.headers)));
    },
    get query() {
      return (query ??= new TextMap(Object.entries(source.query)));
    },
    get payload() {
      decoded ??= { payload: decode(this.body) };
      return decoded.payload;
    },
  };
}

export function createTemplateVariables(source: ConditionSource, params: unknown): TemplateVariables {
  return Object.assign(createConditionVariables(source), { params });
}

function decode(body: string): unknown {
  try {
    return parseBoundedJson(body);
  } catch {
    return null;
  }
}
