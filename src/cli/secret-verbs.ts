// What commands ask of the server about its secrets.

import { isRecord, notRunner } from "./api-answer.ts";

/** A secret without its value, which no answer has. */
export interface SecretSummary {
  readonly name: string;
  /** null: of every pipeline. */
  readonly pipeline: string | null;
  readonly updated_at: string;
}

export interface SecretVerbs {
  listSecrets(): Promise<readonly SecretSummary[]>;
  /** `pipeline` undefined: of every pipeline. */
  setSecret(name: string, pipeline: string | undefined, value: string): Promise<void>;
  removeSecret(name: string, pipeline: string | undefined): Promise<void>;
}

type Ask = (path: string, request?: { readonly method: "PUT" | "DELETE"; readonly body?: unknown }) => Promise<unknown>;

export function createSecretVerbs(url: string, ask: Ask): SecretVerbs {
  const path = (name: string, pipeline: string | undefined): string => {
    const query = pipeline === undefined ? "" : `?${new URLSearchParams({ pipeline }).toString()}`;
    return `/api/secrets/${encodeURIComponent(name)}${query}`;
  };
  return {
    async listSecrets() {
      const answer = await ask("/api/secrets");
      if (isRecord(answer) && Array.isArray(answer["secrets"])) return answer["secrets"];
      throw notRunner(url);
    },
    async setSecret(name, pipeline, value) {
      await ask(path(name, pipeline), { method: "PUT", body: { value } });
    },
    async removeSecret(name, pipeline) {
      await ask(path(name, pipeline), { method: "DELETE" });
    },
  };
}
