// `schedule`: what is accepted, and what each problem says.

import { describe, expect, test } from "bun:test";
import { configOf, problemsOf } from "./problems-of.ts";

const plain = { timezone: null, jitterMs: 0, catchUp: "none", overlap: false, params: {} };

describe("schedule", () => {
  test.each([
    ["0 3 * * *", [{ ...plain, cron: "0 3 * * *" }]],
    [{ cron: "@daily" }, [{ ...plain, cron: "@daily" }]],
    [
      ["@every 15m", { cron: "@daily" }],
      [
        { ...plain, cron: "@every 15m" },
        { ...plain, cron: "@daily" },
      ],
    ],
    [
      { cron: "0 3 * * *", timezone: "Europe/Berlin", jitter: "5m", catchUp: "all", overlap: true },
      [{ cron: "0 3 * * *", timezone: "Europe/Berlin", jitterMs: 300_000, catchUp: "all", overlap: true, params: {} }],
    ],
  ])("may be %j", (schedule, schedules) => {
    expect(configOf({ schedule }).schedules).toEqual(schedules as never);
  });

  test("is left out where there is none", () => {
    expect(Object.keys(configOf({}))).not.toContain("schedules");
  });

  test("gives its runs values of the declared types, and leaves defaults to the moment of the run", () => {
    const params = {
      target: { enum: ["nas", "pi"], required: true },
      keep: { type: "number" },
      dry: { default: true },
    };
    const schedule = { cron: "@daily", params: { target: "pi", keep: "7" } };
    expect(configOf({ params, schedule }).schedules).toMatchObject([{ params: { target: "pi", keep: 7 } }]);
    expect(Object.keys(configOf({ params, schedule }).schedules?.[0]?.params ?? {})).toEqual(["target", "keep"]);
  });

  test("the same times with other parameters are two schedules", () => {
    const params = { target: { type: "string" } };
    const schedule = ["nas", "pi"].map((target) => ({ cron: "@daily", params: { target } }));
    expect(configOf({ params, schedule }).schedules).toHaveLength(2);
  });

  test.each([
    ["0 0 30 2 *", "config.schedule", "never ticks", null],
    ["61 * * * *", "config.schedule", "Invalid value for minute: 61", 'write for example "0 3 * * *"'],
    [5, "config.schedule", "must be an object, not the number 5", "@every 15m"],
    [[], "config.schedule", "not a list of 0", "@every 15m"],
    [["@daily", "@dialy"], "config.schedule[1]", '"@dialy" is not known', 'did you mean "@daily"?'],
    [["@daily", "@daily"], "config.schedule[1]", "is the same as one before it", "params"],
    [{ cron: 5 }, "config.schedule.cron", "must be a text, not the number 5", "@every 15m"],
    [{}, "config.schedule.cron", "must be a text, not undefined", "@every 15m"],
    [{ cron: "@daily", timezone: "Europe/Berln" }, "config.schedule.timezone", "no time zone", '"Europe/Berlin"?'],
    [{ cron: "@daily", timezone: 1 }, "config.schedule.timezone", "must be a text", "UTC"],
    [{ cron: "@daily", jitter: "soon" }, "config.schedule.jitter", '"soon" is not a duration', "5m"],
    [{ cron: "@daily", jitter: "2d" }, "config.schedule.jitter", "at most 24 h", null],
    [{ cron: "@daily", catchUp: "lats" }, "config.schedule.catchUp", 'the text "lats"', 'did you mean "last"?'],
    [{ cron: "@daily", catchUp: true }, "config.schedule.catchUp", "the boolean true", "none, last, all"],
    [{ cron: "@daily", overlap: "no" }, "config.schedule.overlap", "true or false", null],
    [{ cron: "@daily", tz: "UTC" }, "config.schedule.tz", "is unknown", "timezone"],
    [{ cron: "@daily", params: { x: 1 } }, "config.schedule.params", 'no parameter "x"', "declares none"],
    [{ cron: "@daily", params: [] }, "config.schedule.params", "must be an object", "nas"],
  ])("%j is refused at %s", (schedule, field, message, hint) => {
    const problems = problemsOf({ schedule });
    expect(problems.map((problem) => problem.field)).toEqual([field]);
    expect(problems[0]?.message).toContain(message);
    if (hint === null) expect(problems[0]?.hint).toBeNull();
    else expect(problems[0]?.hint).toContain(hint);
  });

  test("is refused without a parameter that every run requires", () => {
    const params = { target: { type: "string", required: true }, keep: { required: true, default: 1 } };
    expect(problemsOf({ params, schedule: "@daily" })).toEqual([
      {
        field: "config.schedule.params",
        message: 'config.schedule.params must have "target", which every run requires',
        hint: "write params: { target: … }, or a default",
      },
    ]);
  });

  test("tells all its problems at once", () => {
    const schedule = [{ cron: "x", timezone: "y", jitter: "z", catchUp: "a", overlap: 1, params: { b: 1 }, c: 1 }, 5];
    expect(problemsOf({ schedule }).map(({ field }) => field)).toEqual([
      "config.schedule[0].c",
      "config.schedule[0].timezone",
      "config.schedule[0].overlap",
      "config.schedule[0].cron",
      "config.schedule[0].jitter",
      "config.schedule[0].catchUp",
      "config.schedule[0].params",
      "config.schedule[1]",
    ]);
  });
});
