// Resources of type time, in a run.

import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { resourceTypes } from "../../../../../../src/pipelines/concourse/runtime/resources/resource-types.ts";
import { openResourceBench } from "../../../../../fixtures/resources/resource-bench.ts";

const { time } = resourceTypes;

test("in a run a check and a put make a version of the time now", async () => {
  const bench = openResourceBench();
  const context = bench.context({ interval: "1h" });
  const now = { time: "2026-01-01T00:00:00.000Z" };
  expect(await time.check(context, null)).toEqual([now]);
  expect(await time.put(context, {}, {})).toEqual({ version: now });
  await expect(time.put(context, { x: 1 }, {})).rejects.toThrow('params "x" not supported: there are none');
  bench.close();
});

test("a get writes its time as a date and as seconds too", async () => {
  const bench = openResourceBench();
  const written = async (at: string): Promise<readonly string[]> => {
    const folder = bench.createVolume(at);
    await time.get(bench.context({}), { time: at }, {}, folder);
    return ["timestamp", "epoch"].map((name) => readFileSync(join(folder.path, name), "utf8"));
  };
  expect(await written("2026-01-02T03:04:05.670Z")).toEqual(["2026-01-02 03:04:05.67 +0000 UTC", "1767323045"]);
  expect(await written("2026-01-02T03:04:05.000Z")).toEqual(["2026-01-02 03:04:05 +0000 UTC", "1767323045"]);
  bench.close();
});

test("a get writes what it was asked for into the file input", async () => {
  const bench = openResourceBench();
  const folder = bench.createVolume("got");
  const version = { time: "2026-01-01T00:00:00.000Z" };
  await time.get(bench.context({ interval: "1h" }), version, {}, folder);
  const input = readFileSync(join(folder.path, "input"), "utf8");
  expect(JSON.parse(input)).toEqual({ source: { interval: "1h" }, version });
  bench.close();
});
