import { describe, expect, test } from "bun:test";
import { providerNames } from "../../../src/core/webhook-provider.ts";
import { FieldProblems } from "../../../src/pipelines/field-problem.ts";
import { readWebhook } from "../../../src/pipelines/parse-webhook.ts";
import { findProvider } from "../../../src/webhooks/webhooks.ts";
import { sha1Providers } from "../../../src/core/webhook-provider.ts";

function read(value: unknown): unknown {
  const problems = new FieldProblems();
  const webhook = readWebhook(value, problems);
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
  ])("refuses %j", (value, message) => {
    expect(read(value)).toEqual([message]);
  });

  test("reads a tolerance in seconds", () => {
    expect(read({ toleranceSeconds: 60 })).toEqual({ toleranceMs: 60_000 });
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
