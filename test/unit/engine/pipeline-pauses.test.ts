// Whether pipelines start runs.

import { expect, test } from "bun:test";
import { AppError } from "../../../src/core/app-error.ts";
import { PipelinePauses } from "../../../src/engine/pipeline-pauses.ts";
import type { Write } from "../../../src/store/store.ts";

test("a pipeline is paused once that is on disk, and resumed once that is", async () => {
  const commits: (readonly Write[])[] = [];
  let fails = true;
  const commit = async (writes: readonly Write[]): Promise<void> => {
    if (fails) throw new AppError("STORE_UNAVAILABLE", "full");
    commits.push(writes);
  };
  const store = { commit, pauses: { all: async () => new Map([["old", 1]]) } };
  const pauses = await PipelinePauses.load(store, { now: () => 7 });
  expect(["old", "a"].map((id) => pauses.isPaused(id))).toEqual([true, false]);
  expect(await pauses.pause("a").catch(String)).toContain("full");
  expect(pauses.isPaused("a")).toBe(false);
  fails = false;
  await pauses.pause("a");
  expect(() => pauses.check("a")).toThrow('pipeline "a" is paused');
  fails = true;
  expect(await pauses.resume("a", []).catch(String)).toContain("full");
  expect(pauses.isPaused("a")).toBe(true);
  fails = false;
  const also = { type: "schedule.remove", pipeline: "a", schedule: "s" } as const;
  await pauses.resume("a", [also]);
  pauses.check("a");
  expect(commits).toEqual([
    [{ type: "pipeline.pause", pipeline: "a", at: 7 }],
    [also, { type: "pipeline.resume", pipeline: "a" }],
  ]);
});
