// What commands ask of the server about targets of notifications.

import type { TargetJson, TargetTestJson } from "../core/target-json.ts";
import { isRecord, notRunner } from "./api-answer.ts";

export interface TargetVerbs {
  listTargets(): Promise<readonly TargetJson[]>;
  testTarget(name: string): Promise<TargetTestJson>;
}

type Ask = (path: string, request?: { readonly method: "POST"; readonly timeoutMs?: number }) => Promise<unknown>;

/** The server itself waits for half a minute. */
const testTimeoutMs = 45_000;

export function targetPath(name: string): string {
  return `/api/targets/${encodeURIComponent(name)}`;
}

export function createTargetVerbs(url: string, ask: Ask): TargetVerbs {
  return {
    async listTargets() {
      const answer = await ask("/api/targets");
      if (isRecord(answer) && Array.isArray(answer["targets"])) return answer["targets"];
      throw notRunner(url);
    },
    async testTarget(name) {
      const request = { method: "POST", timeoutMs: testTimeoutMs } as const;
      const answer = await ask(`${targetPath(name)}/test`, request);
      if (isRecord(answer) && typeof answer["delivered"] === "boolean") return answer as unknown as TargetTestJson;
      throw notRunner(url);
    },
  };
}
