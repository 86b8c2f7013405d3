// `config.webhook`: what is accepted, and what each problem says.

import { describe, expect, test } from "bun:test";
import { idlessProviders, providerNames, sha1Providers } from "../../../src/core/webhook-provider.ts";
import { FieldProblems } from "../../../src/core/field-problem.ts";
import { readWebhook } from "../../../src/pipelines/parse-webhook.ts";
import { findProvider } from "../../../src/webhooks/webhooks.ts";

function read(value: unknown): unknown {
  const problems = new FieldProblems();
  const webhook = readWebhook(
    value,
    problems,
    (text) => (text.includes(" ") ? `no ${text}` : null),
    () => null,
  );
  return problems.list.length === 0 ? webhook : problems.list.map(({ message }) => message);
}

describe("config.webhook", () => {
  test("takes every provider by name", () => {
    for (const provider of providerNames) expect(read({ provider })).toEqual({ provider });
  });

  test("takes one secret or several", () => {
    expect(read({ secret: "env:A" })).toEqual({ secret: "env:A" });
    expect(read({ secret: ["env:A", "file:/b"] })).toEqual({ secret: ["env:A", "file:/b"] });
  });

  test.each([
    [{ secret: [] }, "config.webhook.secret must have 1 to 8 texts in its list, not 0"],
    [{ secret: Array(9).fill("x") }, "config.webhook.secret must have 1 to 8 texts in its list, not 9"],
    [{ secret: ["a", undefined] }, "config.webhook.secret must have 1 to 8 texts in its list, not undefined"],
    [{ secret: null }, "config.webhook.secret must be a text, not null"],
    [
      { toleranceSeconds: 0 },
      "config.webhook.toleranceSeconds must be a whole number of seconds from 1 to 86400, not the number 0",
    ],
    [
      { toleranceSeconds: "60" },
      'config.webhook.toleranceSeconds must be a whole number of seconds from 1 to 86400, not the text "60"',
    ],
    [{ algorithm: "md5" }, 'config.webhook.algorithm can only be "sha1", not the text "md5"'],
    [{ algorithm: "sha1" }, 'config.webhook.algorithm "sha1" needs the provider "github" or "generic" beside it'],
    [
      { algorithm: "sha1", provider: "slack" },
      'config.webhook.algorithm "sha1" needs the provider "github" or "generic" beside it',
    ],
    [{ dedupe: 1 }, "config.webhook.dedupe must be a text or false, not the number 1"],
    [{ dedupe: "a b" }, "config.webhook.dedupe is no expression: no a b"],
    [
      { dedupe: "delivery-id", provider: "grafana" },
      'config.webhook.dedupe cannot be "delivery-id": grafana sends none',
    ],
  ])("refuses %j", (value, message) => {
    expect(read(value)).toEqual([message]);
  });

  test("reads a tolerance in seconds", () => {
    expect(read({ toleranceSeconds: 60 })).toEqual({ toleranceMs: 60_000 });
  });

  test("knows deliveries again by their ids, unless it says otherwise", () => {
    expect(read({ dedupe: "delivery-id", provider: "github" })).toEqual({ provider: "github" });
    expect(read({ dedupe: "payload.id" })).toEqual({ dedupe: "payload.id" });
    expect(read({ dedupe: false })).toEqual({ dedupe: false });
  });

  test("refuses delivery ids for exactly the providers that send none", () => {
    const without = providerNames.filter((name) => findProvider(name)?.deliveryId.length === 0);
    expect(without.toSorted()).toEqual(idlessProviders.toSorted());
  });

  test("takes SHA-1 for exactly the providers that have signatures by it", () => {
    const withSha1 = providerNames.filter((name) =>
      findProvider(name)?.schemes.some(({ askedFor }) => askedFor === "sha1"),
    );
    expect(withSha1.toSorted()).toEqual(sha1Providers.toSorted());
    for (const provider of withSha1)
      expect(read({ provider, algorithm: "sha1" })).toEqual({ provider, algorithm: "sha1" });
  });
});
