// Every vector of this folder: requests made outside this code base, and the verdict each must get.

import { describe, expect, test } from "bun:test";
import { providerNames } from "../../../src/core/webhook-provider.ts";
import { verifyInbound } from "../../../src/webhooks/webhooks.ts";
import { readVectors, toRequest } from "./vectors.ts";

const suites = readVectors();

for (const [provider, vectors] of Object.entries(suites)) {
  describe(provider, () => {
    for (const vector of vectors) {
      const { expected } = vector;
      test(`${vector.name}: ${expected.accepted ? "accepted" : expected.reason}`, () => {
        const verdict = verifyInbound(toRequest(vector), {
          ...(vector.pinned && { provider: vector.pinned }),
          ...(vector.algorithm && { algorithm: vector.algorithm }),
          ...(vector.tolerance_ms && { toleranceMs: vector.tolerance_ms }),
          ...(vector.public_url && { publicUrl: vector.public_url }),
          secrets: vector.secrets,
          nowMs: vector.now_ms,
        });
        const { event_type: eventType, delivery_id: deliveryId = "", ...rest } = expected;
        expect(verdict as object).toEqual({ ...rest, eventType, deliveryId });
      });
    }
  });
}

describe("the vectors", () => {
  test("have a suite for every provider, each with a request that is accepted and one that is refused", () => {
    expect(Object.keys(suites).toSorted()).toEqual(providerNames.toSorted());
    for (const name of providerNames) {
      const verdicts = suites[name]
        ?.filter(({ secrets }) => secrets.length > 0)
        .map(({ expected }) => expected.accepted);
      expect([name, new Set(verdicts)]).toEqual([name, new Set([true, false])]);
    }
  });
});
