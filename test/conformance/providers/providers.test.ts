// Every vector of this folder: requests made outside this code base, and the verdict each must get.

import { describe, expect, test } from "bun:test";
import { verifyInbound } from "../../../src/webhooks/webhooks.ts";
import generic from "./generic.json";
import github from "./github.json";
import slack from "./slack.json";

interface Vector {
  readonly name: string;
  /** Who published it; made by the `command` where it says so. */
  readonly source: string;
  readonly command?: string;
  readonly secrets: readonly string[];
  readonly pinned?: string;
  readonly now_ms: number;
  readonly headers: unknown;
  readonly query?: unknown;
  readonly body?: string;
  readonly body_base64?: string;
  readonly expected: {
    readonly accepted: boolean;
    readonly provider: string;
    readonly event_type: string;
    readonly reason?: string;
  };
}

const suites: Readonly<Record<string, readonly Vector[]>> = { github, slack, generic };

for (const [provider, vectors] of Object.entries(suites)) {
  describe(provider, () => {
    for (const vector of vectors) {
      const { expected } = vector;
      test(`${vector.name}: ${expected.accepted ? "accepted" : expected.reason}`, () => {
        const verdict = verifyInbound(
          {
            method: "POST",
            url: "/api/webhooks/x",
            headers: vector.headers as Record<string, string>,
            query: (vector.query ?? {}) as Record<string, string>,
            body: Buffer.from(vector.body ?? vector.body_base64 ?? "", vector.body === undefined ? "base64" : "utf8"),
          },
          { ...(vector.pinned && { provider: vector.pinned }), secrets: vector.secrets, nowMs: vector.now_ms },
        );
        const { event_type: eventType, ...rest } = expected;
        expect(verdict as object).toEqual({ ...rest, eventType });
      });
    }
  });
}
