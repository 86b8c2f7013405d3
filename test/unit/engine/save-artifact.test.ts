// How many artifacts a run may keep, and when the file of one that was replaced may go.

import { beforeEach, expect, test } from "bun:test";
import { saveArtifact } from "../../../src/engine/save-artifact.ts";
import type { WorkContext, WorkResult } from "../../../src/engine/work-call.ts";
import { newRun } from "../../conformance/store/subject.ts";
import { rejection } from "../store/store-files.ts";

let saved: number[];
let removed: number[];
let context: WorkContext;
beforeEach(() => {
  saved = [];
  removed = [];
  const rows = Array.from({ length: 1000 }, (_, index) => ({
    name: `a${index}`,
    number: index + 1,
    bytes: 1,
    createdAt: 1,
  }));
  const artifacts = {
    save: async ({ number }: { readonly number: number }): Promise<number> => saved.push(number),
    remove: async (_: string, number: number): Promise<void> => void removed.push(number),
  };
  const parts = { store: { artifacts: { list: async () => rows } }, files: { artifacts }, clock: { now: () => 7 } };
  context = { parts, run: newRun(), number: 2000, signal: new AbortController().signal } as unknown as WorkContext;
});

const save = (name: string): Promise<WorkResult> => saveArtifact({ name, text: "x" }, context);

test("a run keeps at most 1,000, those of an earlier life included", async () => {
  expect(await rejection(save("one more"))).toMatchObject({ code: "VALIDATION_FAILED", hint: expect.any(String) });
  expect(saved).toEqual([]);
  expect((await save("a5")).value).toMatchObject({ name: "a5" });
});

test("a replaced file goes only when the new one is recorded", async () => {
  const { writes, after } = await save("a5");
  expect(writes).toMatchObject([{ type: "artifact.put", artifact: { name: "a5", number: 2000, createdAt: 7 } }]);
  expect(removed).toEqual([]);
  after?.(Promise.resolve());
  expect(removed).toEqual([6]);
});

test("one that fails does not hold up the next", async () => {
  await rejection(save("one more"));
  await rejection(save("and one more"));
  await save("a5");
  expect(saved).toEqual([2000]);
});
