// A look at a resource outside of runs, by its type.

import { expect, test } from "bun:test";
import { checkResource } from "../../../../src/pipelines/concourse/check-resource.ts";

const run = async (): Promise<never> => {
  throw new Error("nothing is to be run");
};

test("a time resource has a version only in its time, which a run could not tell", async () => {
  const source = { start: "8AM", stop: "9AM", location: "Europe/Berlin" };
  const look = async (now: string): Promise<number> =>
    (await checkResource({ type: "time", source, from: null, now: Date.parse(now), run })).length;
  expect([await look("2026-07-01T06:30:00Z"), await look("2026-07-01T08:30:00Z")]).toEqual([1, 0]);
});
