// The priority and the concurrency key of a run.

import { describe, expect, test } from "bun:test";
import type { InboundRequest } from "../../../src/core/inbound-request.ts";
import type { PipelineConfig } from "../../../src/core/pipeline-config.ts";
import { describeKey, findQueuePlace } from "../../../src/engine/queue-place.ts";

const request = (body: unknown): InboundRequest => ({
  provider: "github",
  eventType: "push",
  method: "POST",
  url: "/api/webhooks/deploy",
  headers: { "x-branch": "dev" },
  query: {},
  body: new TextEncoder().encode(JSON.stringify(body)),
});

function place(config: Partial<PipelineConfig>, from: InboundRequest | null = null, params = {}) {
  const warnings: string[] = [];
  const full = { webhook: {}, params: {}, ...config };
  const found = findQueuePlace({ pipeline: "deploy", params, createdAt: 0 }, full, from, (problem) =>
    warnings.push(problem),
  );
  return { ...found, warnings };
}

describe("findQueuePlace()", () => {
  test("a pipeline without a limit has no key, whatever else it says", () => {
    expect(place({ priority: 7 })).toEqual({ priority: 7, concurrencyKey: null, warnings: [] });
    expect(place({})).toMatchObject({ priority: 0, concurrencyKey: null });
  });

  test("a limit without a key is that of the pipeline, which no text of a config can name", () => {
    expect(place({ concurrencyLimit: 1 }).concurrencyKey).toBe("pipeline:deploy");
    expect(place({ concurrencyLimit: 1, concurrencyKey: "pipeline:deploy" }).concurrencyKey).toBe(
      "key:pipeline:deploy",
    );
  });

  test("holes are filled from the webhook and the parameters", () => {
    const concurrencyKey = "${eventType}-${payload.ref}-${params.target}";
    const from = request({ ref: "main" });
    expect(place({ concurrencyLimit: 1, concurrencyKey }, from, { target: "nas" }).concurrencyKey).toBe(
      "key:push-main-nas",
    );
  });

  test("without a webhook they are empty, or what the parameters say", () => {
    const concurrencyKey = "deploy-${payload.ref ?? params.ref}${headers.x}";
    expect(place({ concurrencyLimit: 1, concurrencyKey }, null, { ref: "dev" })).toMatchObject({
      concurrencyKey: "key:deploy-dev",
      warnings: [],
    });
    expect(place({ concurrencyLimit: 1, concurrencyKey }).concurrencyKey).toBe("key:deploy-");
  });

  test("a hole that is no text is told of, and empty", () => {
    const found = place({ concurrencyLimit: 1, concurrencyKey: "d-${payload.refs}" }, request({ refs: ["a"] }));
    expect(found.concurrencyKey).toBe("key:d-");
    expect(found.warnings).toEqual([
      'its concurrency key cannot be filled: the expression is a list, not a text, a number, true or false, in "${payload.refs}"',
    ]);
  });

  test("a key of any length is short, and differs where the long ones do", () => {
    const keyOf = (ref: string): string | null =>
      place({ concurrencyLimit: 1, concurrencyKey: "${payload.ref}" }, request({ ref })).concurrencyKey;
    const [a, b] = [keyOf(`${"x".repeat(100_000)}a`), keyOf(`${"x".repeat(100_000)}b`)];
    expect(a?.length).toBeLessThan(230);
    expect(a).not.toBe(b);
    expect(a).toBe(keyOf(`${"x".repeat(100_000)}a`));
    expect(keyOf("x".repeat(200))).toBe(`key:${"x".repeat(200)}`);
  });
});

test("describeKey() names a key as its author wrote it", () => {
  expect(describeKey("key:deploy: a\nb")).toBe('the concurrency key "deploy: a\\nb"');
  expect(describeKey("pipeline:home/backup")).toBe("the key of pipeline home/backup");
});
