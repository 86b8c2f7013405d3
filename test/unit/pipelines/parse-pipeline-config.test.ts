// `export const config`: what is accepted, and what each problem says.

import { describe, expect, test } from "bun:test";
import { parsePipelineConfig } from "../../../src/pipelines/parse-pipeline-config.ts";
import { problemsOf } from "./problems-of.ts";

describe("parsePipelineConfig()", () => {
  test("gives defaults to a script without config", () => {
    expect(parsePipelineConfig(undefined)).toEqual({ ok: true, config: { webhook: {}, params: {} } });
  });

  test("reads every field", () => {
    const parsed = parsePipelineConfig({
      webhook: { provider: "github", secret: "env:S" },
      params: { target: { type: "string", default: "nas", enum: ["nas", "pi"], required: true, description: "where" } },
      timeout: "1h30m",
      memory: "128MiB",
      priority: -5,
      concurrency: { key: "deploy-${payload.ref}", limit: 2, onConflict: "skip" },
      schedule: { cron: "0 3 * * *", params: { target: "pi" } },
      after: { pipeline: "build" },
    });
    expect(parsed).toEqual({
      ok: true,
      config: {
        webhook: { provider: "github", secret: "env:S" },
        params: {
          target: { type: "string", default: "nas", enum: ["nas", "pi"], required: true, description: "where" },
        },
        timeoutMs: 5_400_000,
        memoryBytes: 134_217_728,
        priority: -5,
        concurrencyLimit: 2,
        concurrencyKey: "deploy-${payload.ref}",
        onConflict: "skip",
        schedules: [
          {
            cron: "0 3 * * *",
            timezone: null,
            jitterMs: 0,
            catchUp: "none",
            overlap: false,
            params: { target: "pi" },
          },
        ],
        after: [{ pipeline: "build", statuses: ["succeeded"] }],
      },
    });
  });

  test("infers the type of a parameter from its default or first choice", () => {
    const parsed = parsePipelineConfig({ params: { a: {}, b: { default: 1 }, c: { enum: [true, false] } } });
    expect(parsed.ok && Object.values(parsed.config.params).map(({ type }) => type)).toEqual([
      "string",
      "number",
      "boolean",
    ]);
  });

  test("accepts webhook: false", () => {
    expect(parsePipelineConfig({ webhook: false })).toMatchObject({ ok: true, config: { webhook: false } });
  });

  test.each([
    [null, "config", "not null"],
    ["x", "config", 'not the text "x"'],
    [{ webhook: true }, "config.webhook", "must be an object"],
    [{ webhook: { provider: "gihub" } }, "config.webhook.provider", 'cannot be the text "gihub"'],
    [{ webhook: { secret: 5 } }, "config.webhook.secret", "must be a text"],
    [{ webhook: { secret: undefined } }, "config.webhook.secret", "not undefined"],
    [{ params: [] }, "config.params", "not a list"],
    [{ params: { "a b": {} } }, "config.params", 'named "a b"'],
    [JSON.parse('{"params":{"__proto__":{}}}'), "config.params", "__proto__"],
    [{ params: { t: "nas" } }, "config.params.t", "must be an object"],
    [{ params: { t: { type: "int" } } }, "config.params.t.type", "int"],
    [{ params: { t: { type: "number", default: "1" } } }, "config.params.t.default", "must be a number"],
    [{ params: { t: { enum: [] } } }, "config.params.t.enum", "list of 0"],
    [{ params: { t: { enum: ["a", 1] } } }, "config.params.t.enum", "type string"],
    [{ params: { t: { enum: ["a"], default: "b" } } }, "config.params.t.default", "one of a"],
    [{ params: { t: { required: "yes" } } }, "config.params.t.required", "true or false"],
    [{ timeout: 0 }, "config.timeout", "above zero"],
    [{ timeout: "5 minutes" }, "config.timeout", "5 minutes"],
    [{ memory: "1MiB" }, "config.memory", "from 16 MiB to 1 GiB"],
    [{ memory: "2GiB" }, "config.memory", "from 16 MiB to 1 GiB"],
    [{ concurrency: 1 }, "config.concurrency", "must be an object"],
    [{ concurrency: { limit: 1.5 } }, "config.concurrency.limit", "whole number"],
  ])("refuses %j and names %p", (config, field, message) => {
    const problems = problemsOf(config);
    expect(problems.map((problem) => problem.field)).toEqual([field]);
    expect(problems[0]?.message).toContain(message);
    expect(problems[0]?.message).toStartWith(field);
  });

  test("says what an unknown field may have meant", () => {
    expect(problemsOf({ timout: "5m" })).toEqual([
      { field: "config.timout", message: "config.timout is unknown", hint: 'did you mean "timeout"?' },
    ]);
    expect(problemsOf({ webhook: { provder: "github" } })[0]?.hint).toBe('did you mean "provider"?');
  });

  test.each([
    [{ retry: 3 }, "config.retry"],
    [{ webhook: { filter: "x" } }, "config.webhook.filter"],
  ])("refuses %j as not supported yet", (config, field) => {
    expect(problemsOf(config)).toMatchObject([{ field, message: `${field} is not supported yet` }]);
  });

  test("tells all problems at once", () => {
    const config = { webhook: { provider: 1, x: 1 }, params: { a: { type: 1, default: {} } }, timeout: [], bogus: 1 };
    expect(problemsOf(config).map(({ field }) => field)).toEqual([
      "config.bogus",
      "config.timeout",
      "config.webhook.x",
      "config.webhook.provider",
      "config.params.a.type",
      "config.params.a.default",
    ]);
  });
});
