// The part of the store's contract about versions of resources.

import { describe, expect, test } from "bun:test";
import type { ResourceVersion } from "../../../src/core/resource-version.ts";
import type { ResourceKey, Write } from "../../../src/store/store.ts";
import type { Subject } from "./subject.ts";

const key: ResourceKey = { pipeline: "ci", resource: "repo", scope: "one" };
const v = (ref: string): ResourceVersion => ({ ref });

function found(refs: readonly string[], of: ResourceKey = key): Extract<Write, { readonly type: "resource.found" }> {
  return { type: "resource.found", ...of, versions: refs.map(v), at: 5 };
}

function pass(job: string, ref: string, of: ResourceKey = key, runId = "run"): Write {
  return { type: "resource.pass", ...of, job, version: v(ref), runId };
}

export function testResources(subject: Subject): void {
  describe("versions of resources", () => {
    const commit = async (...writes: readonly Write[]): Promise<void> => await subject.store.commit(writes);
    const known = async (of: ResourceKey = key): Promise<readonly (string | undefined)[]> =>
      (await subject.store.resources.list(of, 100)).map(({ version }) => version["ref"]);

    test("are kept in the order they were found, each once, over a restart", async () => {
      await commit(found(["a", "b"]));
      await commit(found(["b", "c"]));
      await subject.reopen();
      expect(await known()).toEqual(["c", "b", "a"]);
    });

    test("the last that is found is the newest, also where it was known, as of a branch that was set back", async () => {
      await commit(found(["a", "b", "c"]));
      await commit(found(["b"]));
      expect(await known()).toEqual(["b", "c", "a"]);
      expect((await subject.store.resources.newest(key, []))?.version).toEqual(v("b"));
    });

    test("what was found since another version is too old to count, where a newer one is known by now", async () => {
      await commit({ ...found(["a"]), from: null }, { ...found(["a", "b"]), from: v("a") });
      await commit({ ...found(["old"]), from: null }, { ...found(["c", "a"]), from: v("a") });
      expect(await known()).toEqual(["b", "a"]);
      await commit({ ...found(["b", "c"]), from: v("b") });
      expect(await known()).toEqual(["c", "b", "a"]);
    });

    test("the newest that is found again keeps its place: nobody takes it for a new one", async () => {
      await commit(found(["a", "b"]));
      const before = await subject.store.resources.newest(key, []);
      await commit(found(["b"]), found(["a", "b"]));
      expect(await subject.store.resources.newest(key, [])).toEqual(before);
    });

    test("a version is the same whatever the order of its parts", async () => {
      const one = { type: "resource.found", ...key, versions: [{ ref: "a", tag: "t" }], at: 1 } as const;
      await commit(one, { ...one, versions: [{ tag: "t", ref: "a" }] });
      expect(await known()).toHaveLength(1);
    });

    const others = [{ scope: "two" }, { resource: "other" }, { pipeline: "cd" }].map((each) => ({ ...key, ...each }));
    test("of another scope, resource or pipeline are others, and what has passed of them too", async () => {
      await commit(found(["a"]), ...others.map((other, index) => found([`of ${String(index)}`], other)));
      expect(await Promise.all([key, ...others].map(known))).toEqual([["a"], ["of 0"], ["of 1"], ["of 2"]]);
      await commit(...others.map((other) => pass("x", "a", other)));
      expect(await subject.store.resources.newest(key, ["x"])).toBeUndefined();
    });

    test("pass a job as often as it is run with them", async () => {
      await commit(found(["a"]), pass("x", "a"));
      await commit(pass("x", "a"));
      expect((await subject.store.resources.newest(key, ["x"]))?.version).toEqual(v("a"));
    });

    test("those that passed several jobs are those that passed each of them", async () => {
      await commit(found(["a", "b", "c"]), pass("x", "a"), pass("y", "a"), pass("x", "b"), pass("y", "c"));
      const newest = async (...jobs: readonly string[]): Promise<unknown> =>
        (await subject.store.resources.newest(key, jobs))?.version["ref"];
      expect([await newest(), await newest("x"), await newest("y"), await newest("x", "y"), await newest("z")]).toEqual(
        ["c", "b", "c", "a", undefined],
      );
    });

    test("the next after a place is the oldest that is newer", async () => {
      await commit(found(["a", "b", "c"]));
      const { seq = 0 } = (await subject.store.resources.list(key, 3)).at(-1) ?? {};
      expect((await subject.store.resources.next(key, [], seq))?.version).toEqual(v("b"));
      expect(await subject.store.resources.next(key, [], seq + 2)).toBeUndefined();
    });

    test("what a job was given and what was begun for it never go back", async () => {
      await commit(found(["a", "b"]));
      const cursor = async (): Promise<unknown> => await subject.store.resources.cursor(key, "x");
      expect(await cursor()).toBe(0);
      await commit({ type: "resource.begin", ...key, job: "x", seq: 1 });
      expect(await cursor()).toBe(1);
      await commit({ type: "resource.take", ...key, job: "x", version: v("b") });
      await commit({ type: "resource.take", ...key, job: "x", version: v("a") });
      await commit({ type: "resource.begin", ...key, job: "x", seq: 1 });
      expect(await cursor()).toBe(2);
    });

    test("are listed with when they were found, and by job with the last run that has brought them through it", async () => {
      const passedBy = (job: string, runId: string): Write => pass(job, "a", key, runId);
      await commit(found(["a", "b"]), passedBy("y", "r1"), passedBy("x", "r2"), passedBy("y", "r3"));
      const [newest, oldest, ...rest] = await subject.store.resources.list(key, 100);
      expect(rest).toEqual([]);
      expect(newest).toMatchObject({ version: v("b"), passed: [] });
      expect(oldest).toMatchObject({
        version: v("a"),
        passed: [
          { job: "x", runId: "r2" },
          { job: "y", runId: "r3" },
        ],
      });
      expect(typeof newest?.foundAt).toBe("number");
    });

    test("beyond the newest go, with what passed of them", async () => {
      await commit(found(["a", "b", "c"]), pass("x", "a"), pass("x", "b"));
      await commit({ type: "resource.trim", ...key, keep: 2 });
      expect(await known()).toEqual(["c", "b"]);
      await commit(found(["a"]));
      expect((await subject.store.resources.newest(key, ["x"]))?.version).toEqual(v("b"));
    });

    test("go with their pipeline, and its cursors too", async () => {
      const config = { webhook: {}, params: {} } as const;
      const version = { pipeline: "ci", file: "ci.yml", bundleHash: "bundle-1", config, loadedAt: 1 };
      const other = { ...key, pipeline: "cd" };
      await commit({ type: "version.put", version }, found(["a"]), found(["a"], other));
      await commit({ type: "resource.take", ...key, job: "x", version: v("a") });
      await commit({ type: "version.put", version: { ...version, loadedAt: 2 } });
      expect(await known()).toEqual(["a"]);
      await commit({ type: "version.remove", pipeline: "ci" });
      expect([await known(), await known(other)]).toEqual([[], ["a"]]);
      expect(await subject.store.resources.cursor(key, "x")).toBe(0);
    });

    test("that passed and were never found, as pinned ones, go with their pipeline too", async () => {
      const config = { webhook: {}, params: {} } as const;
      const version = { pipeline: "ci", file: "ci.yml", bundleHash: "bundle-1", config, loadedAt: 1 };
      await commit({ type: "version.put", version }, pass("x", "a"));
      await commit({ type: "version.remove", pipeline: "ci" });
      await commit({ type: "version.put", version }, found(["a"]));
      expect(await subject.store.resources.newest(key, ["x"])).toBeUndefined();
    });
  });
}
