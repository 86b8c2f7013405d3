// `priority` and `concurrency`: what is accepted, and what each problem says.

import { describe, expect, test } from "bun:test";
import { parsePipelineConfig } from "../../../src/pipelines/parse-pipeline-config.ts";
import { configOf, problemsOf } from "./problems-of.ts";

describe("priority", () => {
  test.each([0, 5, -100, 100])("may be %d", (priority) => {
    expect(configOf({ priority }).priority).toBe(priority);
  });

  test.each([101, -101, 1.5, "high", null, Number.NaN])("cannot be %j", (priority) => {
    expect(problemsOf({ priority })).toMatchObject([{ field: "config.priority", hint: "a higher one begins earlier" }]);
    expect(problemsOf({ priority })[0]?.message).toStartWith(
      "config.priority must be a whole number from -100 to 100, not ",
    );
  });
});

describe("concurrency", () => {
  test("has a limit of one where it does not say another", () => {
    expect(configOf({ concurrency: { key: "k" } })).toMatchObject({ concurrencyLimit: 1, concurrencyKey: "k" });
    expect(configOf({ concurrency: {} }).concurrencyLimit).toBe(1);
    expect(configOf({}).concurrencyLimit).toBeUndefined();
  });

  test.each(["cancel-running", "skip", "replace-queued"])("knows the rule %s", (onConflict) => {
    expect(configOf({ concurrency: { onConflict } })).toMatchObject({ concurrencyLimit: 1, onConflict });
  });

  test("without a rule, or with that of queueing, has none", () => {
    expect(Object.keys(configOf({ concurrency: { onConflict: "queue" } }))).not.toContain("onConflict");
  });

  test.each([
    [{ onConflict: "cancel-runing" }, "onConflict", 'did you mean "cancel-running"?'],
    [{ onConflict: "abort" }, "onConflict", "known are queue, cancel-running, skip, replace-queued"],
    [{ onConflict: true }, "onConflict", "known are queue"],
    [{ key: "" }, "key", "leave it out for one key per pipeline"],
    [{ key: 5 }, "key", "between quotes"],
    [{ key: "k".repeat(1001) }, "key", "between quotes"],
    [{ kye: "k" }, "kye", 'did you mean "key"?'],
    [{ limit: 0 }, "limit", ""],
  ])("%j is refused at %s", (concurrency, field, hint) => {
    expect(problemsOf({ concurrency }).map((problem) => problem.field)).toEqual([`config.concurrency.${field}`]);
    expect(problemsOf({ concurrency })[0]?.hint ?? "").toContain(hint);
  });

  test("a key whose holes are no expressions is refused with what is wrong", () => {
    const parsed = parsePipelineConfig({ concurrency: { key: "a-${b}" } }, { template: (text) => `no ${text}` });
    expect(parsed).toMatchObject({
      ok: false,
      problems: [{ message: "config.concurrency.key cannot be filled: no a-${b}" }],
    });
  });
});
