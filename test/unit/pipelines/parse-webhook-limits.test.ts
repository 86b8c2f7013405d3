import { describe, expect, test } from "bun:test";
import { parsePipelineConfig } from "../../../src/pipelines/parse-pipeline-config.ts";
import { problemsOf } from "./problems-of.ts";

const webhookOf = (webhook: unknown, others: object = {}): unknown => {
  const parsed = parsePipelineConfig({ webhook, ...others });
  return parsed.ok ? parsed.config.webhook : parsed.problems;
};

describe("rate", () => {
  test("is taken whole, in part, or as false", () => {
    const rate = { perMinute: 600, perAddressPerMinute: 60 };
    expect(webhookOf({ rate })).toEqual({ rate });
    expect(webhookOf({ rate: { perMinute: 1 } })).toEqual({ rate: { perMinute: 1 } });
    expect(webhookOf({ rate: false })).toEqual({ rate: false });
    expect(webhookOf({})).toEqual({});
  });

  test.each([
    [true, "config.webhook.rate must be an object, not the boolean true"],
    [60, "config.webhook.rate must be an object, not the number 60"],
    [{ perMinute: 0 }, "config.webhook.rate.perMinute must be a whole number from 1 to 1000000, not the number 0"],
    [{ perMinute: 1.5 }, "config.webhook.rate.perMinute must be a whole number from 1 to 1000000, not the number 1.5"],
    [{ perMinute: "60" }, 'config.webhook.rate.perMinute must be a whole number from 1 to 1000000, not the text "60"'],
    [{ perMinut: 60 }, "config.webhook.rate.perMinut is unknown"],
  ])("refuses %j", (rate, message) => {
    expect(problemsOf({ webhook: { rate } }).map((problem) => problem.message)).toEqual([message]);
  });

  test("a mistyped name is told the right one", () => {
    const [problem] = problemsOf({ webhook: { rate: { perMinut: 60 } } });
    expect(problem?.hint).toBe('did you mean "perMinute"?');
  });
});

describe("allow", () => {
  test("takes addresses and networks", () => {
    const allow = ["10.0.0.0/8", "192.168.1.7", "fd00::/8", "::1", "::ffff:10.0.0.1"];
    expect(webhookOf({ allow })).toEqual({ allow });
  });

  test.each([
    [[], "config.webhook.allow must be a list of 1 to 1000 addresses, not one of 0"],
    [undefined, "config.webhook.allow must be a list of 1 to 1000 addresses, not undefined"],
    ["10.0.0.0/8", 'config.webhook.allow must be a list of 1 to 1000 addresses, not the text "10.0.0.0/8"'],
    [["::1", "10.0.0.0/33"], 'config.webhook.allow[1] is no address and no network, but the text "10.0.0.0/33"'],
    [["nas"], 'config.webhook.allow[0] is no address and no network, but the text "nas"'],
    [[7], "config.webhook.allow[0] is no address and no network, but the number 7"],
  ])("refuses %j", (allow, message) => {
    expect(problemsOf({ webhook: { allow } }).map((problem) => problem.message)).toEqual([message]);
  });
});

describe("maxBody", () => {
  test("is a size in the notation of all sizes", () => {
    expect(webhookOf({ maxBody: "5mb" })).toEqual({ maxBodyBytes: 5_000_000 });
    expect(webhookOf({ maxBody: 4096 })).toEqual({ maxBodyBytes: 4096 });
    expect(webhookOf({ maxBody: "25MiB" }, { memory: "256MiB" })).toEqual({ maxBodyBytes: 25 * 1024 ** 2 });
  });

  test.each(["0", "26MiB", "many", null, -1])("refuses %j", (maxBody) => {
    const [problem] = problemsOf({ webhook: { maxBody }, memory: "1GiB" });
    expect(problem?.message).toStartWith("config.webhook.maxBody must be a size up to 25 MiB, not ");
  });

  test("that a sandbox has no room for is refused, with both figures and what to write", () => {
    expect(problemsOf({ webhook: { maxBody: "25MiB" } })).toEqual([
      {
        field: "config.webhook.maxBody",
        message:
          "config.webhook.maxBody of 25 MiB needs a sandbox of 215MiB to be read in, and config.memory is 64 MiB",
        hint: 'write memory: "215MiB" in config, beside webhook, or maxBody: "6272KiB"',
      },
    ]);
  });

  test("what the hint says to write is taken", () => {
    expect(problemsOf({ webhook: { maxBody: "25MiB" }, memory: "215MiB" })).toEqual([]);
    expect(problemsOf({ webhook: { maxBody: "25MiB" }, memory: "214MiB" })).toHaveLength(1);
    expect(problemsOf({ webhook: { maxBody: "6272KiB" } })).toEqual([]);
    expect(problemsOf({ webhook: { maxBody: "6273KiB" } })).toHaveLength(1);
  });

  test("is not looked at where a script does not say it: the smallest sandbox is as good as before", () => {
    expect(problemsOf({ webhook: {}, memory: "16MiB" })).toEqual([]);
    expect(problemsOf({ webhook: { maxBody: "64KiB" }, memory: "16MiB" })).toEqual([]);
  });
});
