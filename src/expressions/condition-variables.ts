// What a condition can ask about: the inbound request and its decoded body.

export const variableNames = ["provider", "eventType", "method", "headers", "query", "body", "payload"] as const;
/** What the holes of a text can ask about: the parameters of the run too. */
export const templateVariableNames = [...variableNames, "params"] as const;
export type VariableName = (typeof templateVariableNames)[number];

export interface ConditionSource {
  readonly provider: string;
  readonly eventType: string;
  readonly method: string;
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface ConditionVariables extends ConditionSource {
  /** The body as JSON; null where it is not JSON. */
  readonly payload: unknown;
}

export interface TemplateVariables extends ConditionVariables {
  readonly params: unknown;
}

/** The variables of one request. The body is decoded when `payload` is first read, and only once. */
export function createConditionVariables(source: ConditionSource): ConditionVariables {
  let decoded: { readonly payload: unknown } | undefined;
  return {
    provider: source.provider,
    eventType: source.eventType,
    method: source.method,
    headers: source.headers,
    query: source.query,
    body: source.body,
    get payload() {
      decoded ??= { payload: decode(source.body) };
      return decoded.payload;
    },
  };
}

export function createTemplateVariables(source: ConditionSource, params: unknown): TemplateVariables {
  return Object.assign(createConditionVariables(source), { params });
}

function decode(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return null;
  }
}
