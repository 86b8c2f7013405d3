// `webhook.when`: what is accepted, and what each problem says.

import { describe, expect, test } from "bun:test";
import { parsePipelineConfig } from "../../../src/pipelines/parse-pipeline-config.ts";
import { configOf, problemsOf } from "./problems-of.ts";

describe("webhook.when", () => {
  test("is kept as it was written", () => {
    expect(configOf({ webhook: { when: "payload.ref == 1" } }).webhook).toEqual({ when: "payload.ref == 1" });
    expect(configOf({ webhook: {} }).webhook).toEqual({});
  });

  test.each([[true], [null], [1], [["a"]]])("cannot be %j", (when) => {
    const [problem] = problemsOf({ webhook: { when } });
    expect(problem?.message).toStartWith("config.webhook.when must be a text, not ");
    expect(problem?.hint).toContain("between quotes");
  });

  test("that is no condition is refused with what is wrong", () => {
    const parsed = parsePipelineConfig({ webhook: { when: "a b" } }, { condition: (text) => `no ${text}` });
    expect(parsed).toMatchObject({
      ok: false,
      problems: [{ field: "config.webhook.when", message: "config.webhook.when is no condition: no a b" }],
    });
  });
});
