// What commands ask of the server about the webhooks it received.

import type { RedeliveryJson, RequestListJson, WholeRequestJson } from "../core/request-json.ts";
import { isRecord, notRunner } from "./api-answer.ts";

export interface RequestFilter {
  readonly pipeline?: string | undefined;
  readonly verdict?: string | undefined;
  readonly reason?: string | undefined;
  readonly run?: string | undefined;
  readonly limit: number;
}

export interface RequestVerbs {
  listRequests(filter: RequestFilter): Promise<RequestListJson>;
  getRequest(id: string): Promise<WholeRequestJson>;
  /** Waits for the script's answer, as the sender of a webhook does. */
  redeliver(id: string, options: { readonly force: boolean }): Promise<RedeliveryJson>;
}

interface Request {
  readonly method: "POST";
  readonly body: unknown;
  readonly timeoutMs: number;
}

type Ask = (path: string, request?: Request) => Promise<unknown>;

/** More than the longest --webhook-timeout. */
const redeliverTimeoutMs = 11 * 60_000;

export function createRequestVerbs(url: string, ask: Ask): RequestVerbs {
  const path = (id: string): string => `/api/requests/${encodeURIComponent(id)}`;
  return {
    async listRequests({ limit, ...filters }) {
      const query = new URLSearchParams({ limit: String(limit) });
      for (const [name, value] of Object.entries(filters)) if (value !== undefined) query.set(name, String(value));
      const answer = await ask(`/api/requests?${query.toString()}`);
      if (isRecord(answer) && Array.isArray(answer["requests"])) return answer as unknown as RequestListJson;
      throw notRunner(url);
    },
    async getRequest(id) {
      const answer = await ask(path(id));
      if (isRecord(answer) && isRecord(answer["headers"])) return answer as unknown as WholeRequestJson;
      throw notRunner(url);
    },
    async redeliver(id, body) {
      const answer = await ask(`${path(id)}/redeliver`, { method: "POST", body, timeoutMs: redeliverTimeoutMs });
      if (isRecord(answer) && typeof answer["request_id"] === "string") return answer as unknown as RedeliveryJson;
      throw notRunner(url);
    },
  };
}
