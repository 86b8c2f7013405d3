// Resources of type git against repositories on this machine: what a check finds, what a get leaves, what a put pushes.

import { afterEach, beforeEach, expect, test } from "bun:test";
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { git } from "../../../src/pipelines/concourse/runtime/resources/git.ts";
import { SecretValue } from "../../../src/pipelines/concourse/var-text.ts";
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

function commit(message: string, files: Readonly<Record<string, string>> = { "a.txt": message }): string {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(join(bench.folder, "work", path, ".."), { recursive: true });
    writeFileSync(join(bench.folder, "work", path), text);
  }
  bench.git("work", "add", "-A");
  bench.git("work", "commit", "-q", "-m", message);
  return bench.git("work", "rev-parse", "HEAD");
}

function push(...args: readonly string[]): void {
  bench.git("work", "push", "-q", "--tags", "origin", "HEAD:main", ...args);
}

async function check(source: object = {}, from: string | null = null): Promise<readonly string[]> {
  const found = await git.check(
    bench.context({ uri, branch: "main", ...source }),
    from === null ? null : { ref: from },
  );
  return found.map(({ ref = "" }) => ref);
}

function read(volume: string, path: string): string {
  return readFileSync(join(bench.folder, "volumes", volume, path), "utf8");
}

test("without a version a check finds the newest commit, and from one on all of them, oldest first", async () => {
  const [first, second, third] = [commit("1"), commit("2"), commit("3")];
  push();
  expect(await check()).toEqual([third]);
  expect(await check({ branch: "" })).toEqual([third]);
  expect(await check({}, first)).toEqual([first, second, third]);
  expect(await check({}, third)).toEqual([third]);
});

test("commits that ask for it are skipped, unless that is disabled", async () => {
  const first = commit("1");
  const skipped = commit("docs [ci skip]");
  push();
  expect(await check()).toEqual([first]);
  expect(await check({}, first)).toEqual([first]);
  expect(await check({ disable_ci_skip: true }, first)).toEqual([first, skipped]);
});

test("paths and ignored paths decide which commits count", async () => {
  const first = commit("1", { "src/a.ts": "1", "docs/a.md": "1" });
  const docs = commit("2", { "docs/a.md": "2" });
  const code = commit("3", { "src/a.ts": "2" });
  push();
  expect(await check({ paths: ["src/**"] }, first)).toEqual([first, code]);
  expect(await check({ ignore_paths: ["src"] }, first)).toEqual([first, docs]);
  expect(await check({ paths: ["docs", "src"], ignore_paths: ["docs"] }, first)).toEqual([first, code]);
});

test("a version that is gone by a forced push leaves only the newest", async () => {
  const gone = commit("1");
  push();
  bench.git("work", "checkout", "-q", "--orphan", "other");
  commit("2");
  const newest = commit("3");
  push("--force");
  expect(await check({}, gone)).toEqual([newest]);
  expect(await check({}, "1".repeat(40))).toEqual([newest]);
});

test("of 2,000 new commits the newest 1,000 are found", async () => {
  const first = commit("first");
  const lines = Array.from({ length: 2000 }, (_, at) => {
    const from = at === 0 ? `from ${first}\n` : "";
    return `commit refs/heads/main\ncommitter Ada <ada@example.org> ${1_800_000_000 + at} +0000\ndata 1\n.\n${from}\n`;
  });
  push();
  const stream = Bun.spawnSync(["git", "-C", uri, "fast-import", "--quiet"], { stdin: Buffer.from(lines.join("")) });
  expect(stream.success).toBe(true);
  const all = bench.git("origin.git", "rev-list", "--reverse", "main").split("\n");
  const found = await check({}, first);
  expect(found).toHaveLength(1000);
  expect(found).toEqual([first, ...all.slice(-999)]);
});

test("with a filter of tags a version is a tag and its commit", async () => {
  const first = commit("1");
  bench.git("work", "tag", "v1.0");
  commit("2");
  bench.git("work", "tag", "nightly");
  const third = commit("3");
  bench.git("work", "tag", "-a", "-m", "two", "v2.0");
  push();
  const context = bench.context({ uri, branch: "main", tag_filter: "v*" });
  expect(await git.check(context, null)).toEqual([{ ref: "v2.0", commit: third }]);
  expect(await git.check(context, { ref: "v1.0", commit: first })).toEqual([
    { ref: "v1.0", commit: first },
    { ref: "v2.0", commit: third },
  ]);
  expect(await check({ tag_regex: "(v1|night).*" }, "v1.0")).toEqual(["v1.0", "nightly"]);
  expect(await check({ tag_filter: "w*" })).toEqual([]);
});

test("a get checks the commit out and tells of it in files", async () => {
  const first = commit("first line\n\nmore");
  bench.git("work", "tag", "v1");
  bench.git("work", "tag", "-a", "-m", "one", "one");
  commit("2");
  push();
  const folder = bench.createVolume("got");
  await git.get(bench.context({ uri }), { ref: first }, { short_ref_format: "g%s", fetch_tags: true }, folder);
  expect(read("got", "a.txt")).toBe("first line\n\nmore");
  expect(read("got", ".git/ref")).toBe(`${first}\n`);
  expect(read("got", ".git/short_ref")).toBe(`g${first.slice(0, 7)}`);
  expect(read("got", ".git/branch")).toBe("main\n");
  expect(read("got", ".git/committer")).toBe("ada@example.org");
  expect(read("got", ".git/commit")).toBe(`${first}\n`);
  expect(read("got", ".git/tags")).toBe("one,v1\n");
  const dated = /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d [+-]\d{4}$/;
  expect([read("got", ".git/author"), read("got", ".git/committer_name")]).toEqual(["Ada", "Ada"]);
  for (const name of ["author_date", "committer_date"]) expect(read("got", `.git/${name}`)).toMatch(dated);
  expect(read("got", ".git/commit_message").trim()).toBe("first line\n\nmore");
});

test("a get brings other branches along that it is asked for", async () => {
  const first = commit("1");
  push();
  bench.git("work", "checkout", "-q", "-b", "feature/x");
  const other = commit("2");
  bench.git("work", "push", "-q", "origin", "feature/x");
  const context = bench.context({ uri, branch: "main" });
  await git.get(context, { ref: first }, { fetch: ["feature/x", "main"], depth: 1 }, bench.createVolume("got"));
  expect(bench.git("volumes/got", "rev-parse", "HEAD", "feature/x", "main")).toBe(`${first}\n${other}\n${first}`);
  const refused = git.get(context, { ref: first }, { fetch: ["--upload-pack=x"] }, bench.createVolume("no"));
  await expect(refused).rejects.toThrow("must not begin with a dash");
});

test("a get that was interrupted is done again from the beginning", async () => {
  const first = commit("1");
  push();
  const folder = bench.createVolume("got");
  const get = () => git.get(bench.context({ uri }), { ref: first }, {}, folder);
  await get();
  for (const path of [".git/index.lock", ".git/HEAD.lock", "left.txt"]) writeFileSync(join(folder.path, path), "");
  await get();
  expect(bench.git("volumes/got", "status", "--porcelain")).toBe("");
  expect(existsSync(join(folder.path, "left.txt"))).toBe(false);
});

test("a shallow get deepens until it has the commit", async () => {
  const all = Array.from({ length: 8 }, (_, at) => commit(String(at)));
  push();
  const folder = bench.createVolume("got");
  await git.get(bench.context({ uri: `file://${uri}`, branch: "main" }), { ref: all[2] ?? "" }, { depth: 1 }, folder);
  expect(read("got", "a.txt")).toBe("2");
  expect(existsSync(join(folder.path, ".git/shallow"))).toBe(true);
});

test("a tag is fetched as it was found, also after it was moved", async () => {
  const first = commit("1");
  bench.git("work", "tag", "v1");
  push();
  commit("2");
  bench.git("work", "tag", "-f", "v1");
  push("--force");
  const folder = bench.createVolume("got");
  await git.get(bench.context({ uri, tag_filter: "v*" }), { ref: "v1", commit: first }, {}, folder);
  expect(read("got", "a.txt")).toBe("1");
  expect(read("got", ".git/ref")).toBe("v1\n");
});

test("submodules come along, unless none are asked for", async () => {
  commit("inner");
  push();
  bench.git(".", "init", "-q", "--bare", "outer.git");
  bench.git(".", "clone", "-q", "outer.git", "out");
  bench.git("out", "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", uri, "lib");
  bench.git("out", "commit", "-q", "-m", "lib");
  bench.git("out", "push", "-q", "origin", "HEAD:main");
  const ref = bench.git("out", "rev-parse", "HEAD");
  const context = bench.context({ uri: join(bench.folder, "outer.git") });
  await git.get(context, { ref }, {}, bench.createVolume("all"));
  await git.get(context, { ref }, { submodules: "none" }, bench.createVolume("none"));
  expect(read("all", "lib/a.txt")).toBe("inner");
  expect(existsSync(join(bench.folder, "volumes/none/lib/a.txt"))).toBe(false);
});

async function getWork(): Promise<ReturnType<ResourceBench["createVolume"]>> {
  const folder = bench.createVolume("repo");
  await git.get(bench.context({ uri }), { ref: bench.git("origin.git", "rev-parse", "main") }, {}, folder);
  return folder;
}

/** A work tree with a commit of its own, behind one that others have pushed meanwhile. */
async function getOvertaken(): Promise<{
  readonly repo: Awaited<ReturnType<typeof getWork>>;
  readonly made: string;
  readonly theirs: string;
}> {
  commit("1");
  push();
  const repo = await getWork();
  const made = commitIn("repo", "b.txt");
  const theirs = commit("2");
  push();
  return { repo, made, theirs };
}

function commitIn(volume: string, path: string): string {
  const at = join("volumes", volume);
  writeFileSync(join(bench.folder, at, path), path);
  bench.git(at, "add", "-A");
  bench.git(at, "commit", "-q", "-m", path);
  return bench.git(at, "rev-parse", "HEAD");
}

test("a put pushes the commit with a tag whose name and message are read from files", async () => {
  commit("1");
  push();
  const repo = await getWork();
  const made = commitIn("repo", "b.txt");
  const notes = bench.createVolume("notes");
  writeFileSync(join(notes.path, "tag"), "1.2\n");
  writeFileSync(join(notes.path, "message"), "the second");
  const params = { repository: "repo", tag: "notes/tag", tag_prefix: "v", annotate: "notes/message" };
  const { version } = await git.put(bench.context({ uri, branch: "main" }), params, { repo, notes });
  expect(version).toEqual({ ref: made });
  expect(bench.git("origin.git", "rev-parse", "main", "v1.2^{commit}")).toBe(`${made}\n${made}`);
  expect(bench.git("origin.git", "tag", "-l", "-n1", "v1.2")).toContain("the second");
});

test("a put that is behind fails, with rebase it goes on top, with force it replaces", async () => {
  const { repo, made, theirs } = await getOvertaken();
  const context = bench.context({ uri, branch: "main" });
  const inputs = { repo };
  await expect(git.put(context, { repository: "repo" }, inputs)).rejects.toThrow("rejected");
  const { version } = await git.put(context, { repository: "repo", rebase: true }, inputs);
  expect(version["ref"]).not.toBe(made);
  expect(bench.git("origin.git", "rev-parse", "main", "main~1")).toBe(`${version["ref"]}\n${theirs}`);
  await git.put(context, { repository: "repo", force: true }, inputs);
  expect(bench.git("origin.git", "rev-parse", "main")).toBe(made);
  const other = await git.put(context, { repository: "repo", branch: "release/1" }, inputs);
  expect(other.version).toEqual({ branch: "release/1", ref: made });
  expect(bench.git("origin.git", "rev-parse", "release/1")).toBe(made);
});

test("a put that merges keeps the commit it was given and joins what others have pushed", async () => {
  const { repo, made, theirs } = await getOvertaken();
  const context = bench.context({ uri, branch: "main" });
  const params = { repository: "repo", merge: true };
  const { version } = await git.put(context, params, { repo });
  expect(bench.git("origin.git", "rev-parse", "main", "main^1", "main^2")).toBe(
    `${version["ref"]}\n${made}\n${theirs}`,
  );
  expect(bench.git("origin.git", "log", "-1", "--format=%s", "main")).toBe(`Merge branch 'main' of ${uri}`);
  const again = await git.put(context, { ...params, returning: "unmerged" }, { repo });
  expect(again.version).toEqual({ ref: made });
  await expect(git.put(context, { ...params, rebase: true }, { repo })).rejects.toThrow("exclude each other");
  await expect(git.put(context, { ...params, returning: "both" }, { repo })).rejects.toThrow("merged or unmerged");
});

test("a put runs neither hooks nor settings of the repository that it pushes", async () => {
  commit("1");
  push();
  const repo = await getWork();
  const made = commitIn("repo", "b.txt");
  const mark = join(bench.folder, "was-here");
  mkdirSync(join(repo.path, ".git/hooks"), { recursive: true });
  for (const hook of ["pre-push", "post-checkout", "reference-transaction", "pre-rebase"]) {
    writeFileSync(join(repo.path, ".git/hooks", hook), `#!/bin/sh\ntouch '${mark}'\n`, { mode: 0o755 });
  }
  const program = `touch '${mark}'; false`;
  const settings = [
    "core.fsmonitor",
    "core.sshCommand",
    "filter.x.clean",
    "filter.x.smudge",
    "uploadpack.packObjectsHook",
  ];
  for (const name of settings) bench.git("volumes/repo", "config", name, program);
  await git.put(bench.context({ uri, branch: "main" }), { repository: "repo", rebase: true }, { repo });
  expect(bench.git("origin.git", "rev-parse", "main")).toBe(made);
  expect(existsSync(mark)).toBe(false);
});

test("a put does not follow links or alternates out of its artifact", async () => {
  commit("1");
  push();
  const repo = await getWork();
  const other = bench.createVolume("other");
  const context = bench.context({ uri, branch: "main" });
  symlinkSync(join(bench.folder, "work"), join(other.path, "link"));
  await expect(git.put(context, { repository: "other/link" }, { other })).rejects.toThrow("leads out of the artifact");
  await expect(git.put(context, { repository: "../work" }, { repo })).rejects.toThrow("must be a path in an artifact");
  const refused = async (): Promise<void> =>
    await expect(git.put(context, { repository: "repo" }, { repo })).rejects.toThrow("by links or alternates");
  writeFileSync(join(repo.path, ".git/objects/info/alternates"), "/srv\n");
  await refused();
  rmSync(join(repo.path, ".git/objects/info/alternates"));
  symlinkSync("/etc/passwd", join(repo.path, ".git/refs/heads/link"));
  await refused();
  rmSync(join(repo.path, ".git"), { recursive: true });
  symlinkSync(join(bench.folder, "work/.git"), join(repo.path, ".git"));
  await refused();
});

for (const source of [
  { branch: "--upload-pack=touch mark" },
  { branch: "main:refs/heads/x" },
  { uri: "ext::sh -c touch% mark" },
  { uri: "--upload-pack=touch mark" },
  { git_config: [{ name: "core.sshCommand", value: "touch mark" }] },
  { git_config: [{ name: "alias.fetch", value: "!touch mark" }] },
  { git_config: [{ name: "credential.helper", value: "!touch mark" }] },
  { git_config: [{ name: "http.https://x/.cookieFile", value: "/etc/passwd" }] },
]) {
  test(`nothing is run for the source ${JSON.stringify(source)}`, async () => {
    const context = { ...bench.context({ uri, ...source }), run: () => Promise.reject(new Error("it was run")) };
    await expect(git.check(context, null)).rejects.toThrow(/must not|is not|is no/);
  });
}

test("a uri that only the host knows can name no program either", async () => {
  bench.close();
  const mark = join(bench.folder, "mark");
  bench = openResourceBench({ "secret:ext": `ext::touch ${mark}`, "secret:dash": `--upload-pack=touch ${mark}` });
  await expect(git.check(bench.context({ uri: new SecretValue("secret:ext") }), null)).rejects.toThrow("not allowed");
  await expect(git.check(bench.context({ uri: new SecretValue("secret:dash") }), null)).rejects.toThrow(
    "not the place",
  );
  expect(existsSync(mark)).toBe(false);
});

test("a ref that git could take for something else is refused", async () => {
  const folder = bench.createVolume("got");
  for (const ref of ["--upload-pack=x", "main~1", "a b", ""]) {
    await expect(git.get(bench.context({ uri }), { ref }, {}, folder)).rejects.toThrow("version.ref");
  }
});

test("what is missing is told: a branch, a repository, git itself", async () => {
  commit("1");
  push();
  await expect(check({ branch: "nowhere" })).rejects.toThrow("no branch nowhere");
  await expect(check({ uri: join(bench.folder, "nothing") })).rejects.toThrow("does not appear to be a git repository");
  const context = bench.context({ uri });
  const empty = join(bench.folder, "empty");
  mkdirSync(empty);
  symlinkSync("/bin/sh", join(empty, "sh"));
  const run: typeof context.run = (options) => context.run({ ...options, env: { ...options.env, PATH: empty } });
  await expect(git.check({ ...context, run }, null)).rejects.toThrow("git is not installed");
});

test.if(process.getuid?.() === 0)("repositories of another user are checked, fetched and pushed", async () => {
  commit("1");
  push();
  Bun.spawnSync(["chown", "-R", "4321:4321", uri]);
  const context = bench.context({ uri, branch: "main" });
  const repo = bench.createVolume("repo");
  const [version = {}] = await git.check(context, null);
  await git.get(context, version, {}, repo);
  const made = commitIn("repo", "b.txt");
  Bun.spawnSync(["chown", "-R", "4322:4322", repo.path]);
  expect(await git.put(context, { repository: "./repo" }, { repo })).toEqual({ version: { ref: made } });
});
