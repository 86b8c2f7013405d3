// Resources of type git whose history is no straight line: merges, tags of other branches, what a get can still reach.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { git } from "../../../src/pipelines/concourse/runtime/resources/git.ts";
import { openResourceBench, type ResourceBench } from "../../fixtures/resources/resource-bench.ts";

let bench: ResourceBench;
let uri: string;

beforeEach(() => {
  bench = openResourceBench();
  uri = join(bench.folder, "origin.git");
  bench.git(".", "init", "-q", "--bare", "origin.git");
  bench.git(".", "clone", "-q", "origin.git", "work");
});

afterEach(() => bench.close());

function commit(message: string, file = "a.txt"): string {
  writeFileSync(join(bench.folder, "work", file), message);
  bench.git("work", "add", "-A");
  bench.git("work", "commit", "-q", "-m", message);
  return bench.git("work", "rev-parse", "HEAD");
}

async function check(source: object, from: string | null = null): Promise<readonly (string | undefined)[]> {
  const version = from === null ? null : { ref: from };
  return (await git.check(bench.context({ uri, branch: "main", ...source }), version)).map(({ ref }) => ref);
}

/** A branch `side` with a commit of its own, merged into `main`. */
function mergeSide(): { readonly first: string; readonly side: string; readonly merge: string } {
  const first = commit("first");
  bench.git("work", "checkout", "-q", "-b", "side");
  const side = commit("side", "side.txt");
  bench.git("work", "checkout", "-q", "main");
  commit("on main", "main.txt");
  bench.git("work", "merge", "-q", "--no-ff", "-m", "merge", "side");
  return { first, side, merge: bench.git("work", "rev-parse", "HEAD") };
}

test("what was merged is one version, not a version for each commit of the other branch", async () => {
  const { first, side, merge } = mergeSide();
  bench.git("work", "push", "-q", "origin", "main");
  const found = await check({}, first);
  expect([found.length, found.at(-1), found.includes(side)]).toEqual([3, merge, false]);
});

test("tags count that are of the branch, and whose commits are neither skipped nor of other paths", async () => {
  commit("first");
  bench.git("work", "tag", "v1");
  commit("none of it [ci skip]");
  bench.git("work", "tag", "v2");
  commit("another path", "b.txt");
  bench.git("work", "tag", "v3");
  bench.git("work", "checkout", "-q", "-b", "side");
  commit("elsewhere");
  bench.git("work", "tag", "v4");
  bench.git("work", "push", "-q", "--tags", "origin", "main", "side");
  expect(await check({ tag_filter: "v*" }, "v1")).toEqual(["v1", "v3"]);
  expect(await check({ tag_filter: "v*", paths: ["a.txt"] }, "v1")).toEqual(["v1"]);
  expect(await check({ tag_filter: "v*", branch: "side", disable_ci_skip: true }, "v1")).toEqual([
    "v1",
    "v2",
    "v3",
    "v4",
  ]);
});

test("of more than 1,000 new tags the newest 1,000 are found", async () => {
  const first = commit("first");
  bench.git("work", "push", "-q", "origin", "main");
  const refs = Array.from({ length: 1100 }, (_, at) => `create refs/tags/v${String(at).padStart(4, "0")} ${first}\n`);
  const { success } = Bun.spawnSync(["git", "-C", uri, "update-ref", "--stdin"], { stdin: Buffer.from(refs.join("")) });
  expect(success).toBe(true);
  const found = await check({ tag_filter: "v*" }, "v0000");
  expect([found.length, found.at(-1)]).toEqual([1000, "v1099"]);
});

test("a get reaches a tag of no branch, also from a shallow clone, and cleans tags where it is asked to", async () => {
  commit("first");
  bench.git("work", "push", "-q", "origin", "main");
  bench.git("work", "checkout", "-q", "--orphan", "side");
  const apart = commit("apart");
  bench.git("work", "tag", "v1");
  bench.git("work", "push", "-q", "origin", "v1");
  const context = bench.context({ uri, branch: "main" });
  for (const [name, params, tags] of [
    ["whole", { fetch_tags: true }, "v1"],
    ["shallow", { depth: 1 }, "v1"],
    ["clean", { fetch_tags: true, clean_tags: true }, ""],
  ] as const) {
    const folder = bench.createVolume(name);
    await git.get(context, { ref: "v1" }, params, folder);
    expect(readFileSync(join(folder.path, "a.txt"), "utf8")).toBe("apart");
    expect(bench.git(`volumes/${name}`, "rev-parse", "HEAD")).toBe(apart);
    expect(bench.git(`volumes/${name}`, "tag", "--list")).toBe(tags);
  }
});

test("a get leaves in its files what it is of: branch, tag and time", async () => {
  commit("first");
  bench.git("work", "tag", "v1");
  bench.git("work", "push", "-q", "--tags", "origin", "main");
  const folder = bench.createVolume("got");
  await git.get(bench.context({ uri, branch: "main" }), { ref: "v1" }, { fetch_tags: true }, folder);
  const read = (name: string): string => readFileSync(join(folder.path, ".git", name), "utf8").trim();
  expect([read("ref"), read("branch"), read("describe_ref")]).toEqual(["v1", "main", "v1"]);
  expect(read("commit_timestamp")).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}$/);
});
