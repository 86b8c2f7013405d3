// What the calls of `resources` give a run, and what they write.

import { beforeEach, expect, test } from "bun:test";
import type { JsonValue } from "../../../../src/core/json.ts";
import type { ResourceVersion } from "../../../../src/core/resource-version.ts";
import { doResourceCall, keyOf } from "../../../../src/engine/resources/resource-call.ts";
import { StepSlots } from "../../../../src/engine/step-slots.ts";
import type { WorkContext, WorkResult } from "../../../../src/engine/work-call.ts";
import type { BegunVersion, NewRun, Write } from "../../../../src/store/store.ts";
import { settlePromises } from "../manual-clock.ts";

/** Known versions, oldest first; a version's place is its index plus one. */
let known: readonly ResourceVersion[];
let taken: number;
let failure: Error | null;
let turns: StepSlots;
let run: Pick<NewRun, "id" | "begunFor" | "rerunOf">;
beforeEach(() => {
  [known, taken, failure] = [[{ ref: "a" }, { ref: "b" }, { ref: "c" }], 0, null];
  [turns, run] = [new StepSlots(1), { id: "run", begunFor: [], rerunOf: null }];
});

async function call(args: JsonValue, signal = new AbortController().signal): Promise<WorkResult> {
  const at = (index: number): object | undefined => {
    const version = known.at(index);
    return version && { seq: known.indexOf(version) + 1, version };
  };
  const resources = {
    newest: async () => {
      if (failure !== null) throw failure;
      return at(-1);
    },
    next: async (_: unknown, __: unknown, after: number) => (after < known.length ? at(after) : undefined),
    cursor: async (_: unknown, job: string) => (job === "other" ? 0 : taken),
  };
  const runs = { findKept: async () => ({ run }) };
  const parts = { store: { resources, runs }, clock: { now: () => 5 }, versionTurns: turns };
  return await doResourceCall(args, { parts, run: { ...run, pipeline: "ci" }, signal } as unknown as WorkContext);
}

const resource = { resource: "repo", scope: "git" };
const key = keyOf("ci", resource);
const choose = (version: string): JsonValue => ({ type: "choose", ...resource, job: "j", version, passed: [] });

test("what is found is written with what goes for it, and nothing where nothing is found", async () => {
  const versions = [{ ref: "a" }];
  expect(await call({ type: "found", ...resource, versions })).toEqual({
    value: undefined,
    writes: [
      { type: "resource.found", ...key, versions, at: 5 },
      { type: "resource.trim", ...key, keep: 1000 },
    ],
  });
  expect((await call({ type: "found", ...resource, versions: [] })).writes).toEqual([]);
});

test("a job takes the newest, or each in its turn and then the newest again", async () => {
  const given = async (version: string, after: number): Promise<unknown> => {
    const { value, writes } = await chosen(choose(version), after, { begunFor: [] });
    expect(writes).toEqual([{ type: "resource.take", ...key, job: "j", version: value as ResourceVersion }]);
    return value;
  };
  expect([await given("latest", 1), await given("every", 0), await given("every", 1)]).toEqual([
    { ref: "c" },
    { ref: "c" },
    { ref: "b" },
  ]);
  expect(await given("every", 3)).toEqual({ ref: "c" });
  known = [];
  const none = await call(choose("latest"));
  none.after?.(Promise.resolve());
  expect([none.value, none.writes]).toEqual([null, []]);
});

/** Of two jobs the version at this place, among those of others. */
const ownOf = (seq: number, mode: BegunVersion["mode"] = "latest"): readonly BegunVersion[] => [
  { ...resource, scope: "other", jobs: ["j"], mode, version: { ref: "x" }, seq: 9 },
  { resource: "data", scope: key.scope, jobs: ["j"], mode, version: { ref: "y" }, seq: 9 },
  { resource: "repo", scope: key.scope, jobs: ["k"], mode: "every", version: { ref: "z" }, seq: 9 },
  { resource: "repo", scope: key.scope, jobs: ["i", "j"], mode, version: known[seq - 1] ?? {}, seq },
];

async function chosen(args: JsonValue, after: number, changes: Partial<typeof run> = {}): Promise<WorkResult> {
  [taken, run] = [after, { id: "run", begunFor: ownOf(1), rerunOf: null, ...changes }];
  const result = await call(args);
  result.after?.(Promise.resolve());
  return result;
}

const take = (ref: string, job: string): Write => ({ type: "resource.take", ...key, job, version: { ref } });

test("a job takes what its run was begun for; the last one what nobody has yet, but for a rerun", async () => {
  const own = { value: { ref: "a" }, writes: [] };
  expect(await chosen(choose("latest"), 3)).toMatchObject(own);
  expect(await chosen(choose("latest"), 2)).toMatchObject(own);
  expect(await chosen(choose("every"), 1, { begunFor: ownOf(1, "every") })).toMatchObject(own);
  expect(await chosen(choose("latest"), 1, { rerunOf: "before" })).toMatchObject(own);
  // It is on record, for its reruns too.
  expect(await chosen(choose("latest"), 1)).toMatchObject({
    value: { ref: "c" },
    writes: [take("c", "j"), take("c", "i"), { type: "run.begun_for", id: "run", begunFor: ownOf(3) }],
  });
  expect(await chosen(choose("latest"), 3, { begunFor: ownOf(3) })).toMatchObject({ value: { ref: "c" }, writes: [] });
});

test("the newest that a run was begun for is that of all its jobs; one in its turn is that of its own jobs", async () => {
  const other = { ...(choose("latest") as object), job: "other" };
  expect(await chosen(other, 3)).toMatchObject({ value: { ref: "a" }, writes: [take("a", "other")] });
  // What nobody has is told by those that it was begun for.
  expect((await chosen(other, 1)).writes?.slice(0, 3)).toEqual([take("c", "other"), take("c", "i"), take("c", "j")]);
  expect((await chosen(choose("every"), 1)).value).toEqual({ ref: "b" });
});

test("what has to have passed a job is not what a run was begun for", async () => {
  expect((await chosen({ ...(choose("latest") as object), passed: ["unit"] }, 3)).value).toEqual({ ref: "c" });
});

test("one run chooses after the other: once what the first takes is on record, or it could take nothing", async () => {
  const first = await call(choose("every"));
  let isChosen = false;
  const second = call(choose("every")).finally(() => (isChosen = true));
  await settlePromises();
  expect(isChosen).toBeFalse();
  failure = new Error("the disk is gone");
  first.after?.(Promise.resolve());
  expect(await second.catch(String)).toBe("Error: the disk is gone");
  failure = null;
  (await call(choose("every"))).after?.(Promise.resolve());
});

test("what has passed a job is taken by it too, and scopes are kept apart", async () => {
  const version = { ref: "a" };
  const { writes } = await call({ type: "passed", job: "j", versions: [{ ...resource, version }] });
  expect(writes).toEqual([
    { type: "resource.take", ...key, job: "j", version },
    { type: "resource.pass", ...key, job: "j", version, runId: "run" },
  ]);
  expect(keyOf("ci", { ...resource, scope: "other" }).scope).not.toBe(key.scope);
});
