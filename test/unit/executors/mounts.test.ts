// Mounts of processes: links in the work folder, and nothing of them left in a folder of the author's.

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { randomUUID } from "node:crypto";
import {
  chmodSync,
  chownSync,
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import type { Mount } from "../../../src/executors/executors.ts";
import { placeMounts } from "../../../src/executors/process/place-mounts.ts";
import { openStepRunner, type SpecPart, until } from "../../conformance/executors/step-runner.ts";

const runner = openStepRunner();
const volume = join(runner.dir, "volume");
const author = join(runner.dir, "author");

beforeAll(() => {
  mkdirSync(join(volume, "sub"), { recursive: true });
  mkdirSync(author);
  writeFileSync(join(volume, "file"), "of the volume\n");
});
afterAll(async () => await runner.close());

const at = (target: string, source = volume): Mount => ({ target, source, readOnly: false });

async function refusal(part: Omit<SpecPart, "command">): Promise<string> {
  const thrown: unknown = await runner.run({ command: "true", ...part }).catch((error: unknown) => error);
  expect(thrown).toMatchObject({ code: "STEP_NOT_STARTED" });
  return (thrown as Error).message;
}

describe("a mount of a process", () => {
  test("is a link in its own folder, and what is written there stays when that goes", async () => {
    const { stepId, stdout } = await runner.run({
      command: "cat src/file; echo new > src/new; ls -A . deep",
      mounts: [at("src"), at("deep/er/")],
    });
    await runner.executor.discard(stepId);
    expect(stdout).toBe("of the volume\n.:\ndeep\nsrc\n\ndeep:\ner\n");
    expect(readFileSync(join(volume, "new"), "utf8")).toBe("new\n");
    expect(existsSync(join(runner.spoolDir, stepId))).toBe(false);
  });

  test("is seen by a command that is found through it, and from a workDir in it", async () => {
    writeFileSync(join(volume, "tool"), "#!/bin/sh\npwd -L\n", { mode: 0o755 });
    const { stdout } = await runner.run({
      command: { path: "../src/tool", args: [] },
      mounts: [at("src")],
      workDir: "src",
      env: {},
    });
    expect(stdout.trim()).toMatch(/\/(?:src|volume)$/);
    expect((await runner.run({ command: "pwd; cat file", mounts: [at("src")], workDir: volume })).stdout).toBe(
      `${volume}\nof the volume\n`,
    );
    expect(readdirSync(volume)).not.toContain("src");
  });

  test("is taken out of a folder of the author's when the step ends, with the folders made for it", async () => {
    const { stdout } = await runner.run({ command: "ls -R", workDir: author, mounts: [at("src"), at("a/b/c")] });
    expect(stdout).toContain("a/b:\nc\n");
    expect(readdirSync(author)).toEqual([]);
  });

  test("is taken out also in a later life of the server", async () => {
    const first = await runner.start({ command: "echo up; exec sleep 30", workDir: author, mounts: [at("src")] });
    await until("it runs", () => first.stdout() === "up\n");
    const second = openStepRunner({ spoolDir: runner.spoolDir });
    expect((await second.executor.cleanLeftovers(new Set())).endedSteps).toContain(first.stepId);
    expect(readdirSync(author)).toEqual([]);
    await first.finished;
    await second.close();
  });

  test("leaves what the step put in its place", async () => {
    await runner.run({ command: "rm src; echo mine > src", workDir: author, mounts: [at("src")] });
    expect(readFileSync(join(author, "src"), "utf8")).toBe("mine\n");
    expect(await refusal({ workDir: author, mounts: [at("src")] })).toContain("is there already");
    expect(readFileSync(join(author, "src"), "utf8")).toBe("mine\n");
  });

  test.each([
    ["/src", "absolute path"],
    ["../src", "not below"],
    ["a/../../src", "not below"],
    [".", "not below"],
    ["a\0b", "not below"],
  ])("%j is refused", async (target, why) => {
    expect(await refusal({ mounts: [at(target)] })).toContain(why);
  });

  test("may lie in another one, and is taken out of it", async () => {
    const inner = join(runner.dir, "inner");
    mkdirSync(inner);
    const mounts = [at("src/sub/new/deep", inner), at("src")];
    const { stdout } = await runner.run({ command: "ls src/sub; ls src/sub/new; touch src/sub/new/deep/x", mounts });
    expect(stdout).toBe("new\ndeep\n");
    expect([readdirSync(join(volume, "sub")), readdirSync(inner)]).toEqual([[], ["x"]]);
    symlinkSync(author, join(volume, "sub/out"));
    expect(await refusal({ mounts: [at("src"), at("src/sub/out/in", inner)] })).toContain("by a link");
    rmSync(join(volume, "sub/out"));
    expect(readdirSync(author)).not.toContain("in");
  });

  test.each([
    ["a file", "file", "is no folder"],
    ["a link to nothing", "dangling", "is a link to nothing"],
    ["a link to a file", "linked", "is no folder"],
  ])("in %s of another one is refused", async (_, name, why) => {
    const outer = join(runner.dir, `with-${name}`);
    mkdirSync(outer);
    writeFileSync(join(outer, "file"), "");
    symlinkSync("nowhere", join(outer, "dangling"));
    symlinkSync("file", join(outer, "linked"));
    expect(await refusal({ mounts: [at("src", outer), at(`src/${name}/in`)] })).toContain(`/${name} ${why}`);
  });

  test("of nothing, and twice in one place is refused, and nothing is left", async () => {
    expect(await refusal({ mounts: [at("src", "/no/such/place")] })).toContain("does not exist");
    const stepId = `${randomUUID()}.1`;
    await refusal({ stepId, mounts: [at("src"), at("src")] });
    expect(existsSync(join(runner.spoolDir, stepId))).toBe(false);
    expect(readdirSync(join(volume, "sub"))).toEqual([]);
  });

  test("does not leave the author's folder by a link that is there", async () => {
    const trap = join(runner.dir, "trap");
    mkdirSync(trap);
    symlinkSync(volume, join(trap, "out"));
    expect(await refusal({ workDir: trap, mounts: [at("out/in")] })).toContain("by a link");
    expect(lstatSync(join(trap, "out")).isSymbolicLink()).toBe(true);
    expect(existsSync(join(volume, "in"))).toBe(false);
  });
});

describe("a mount that moves", () => {
  const nobody = 65_534;
  let count = 0;
  /** A folder with a file, and one to work in. */
  function folders(): { readonly source: string; readonly workDir: string } {
    const place = join(runner.dir, `moving-${count++}`);
    mkdirSync(join(place, "source"), { recursive: true });
    mkdirSync(join(place, "work"));
    writeFileSync(join(place, "source/file"), "moved\n");
    return { source: join(place, "source"), workDir: join(place, "work") };
  }
  const moved = (target: string, source: string): Mount => ({ ...at(target, source), move: true });

  test("is the folder itself: `..` in it is the work folder, find finds it, and there it stays", async () => {
    const { source, workDir } = folders();
    const command = "cd deep/in; ls ../..; cat ../../deep/in/file; cd ../..; find . -name file; echo new > deep/in/new";
    const { stdout } = await runner.run({ command, workDir, mounts: [moved("deep/in/", source)] });
    expect(stdout).toBe("deep\nmoved\n./deep/in/file\n");
    expect([existsSync(source), readdirSync(join(workDir, "deep/in")).toSorted()]).toEqual([false, ["file", "new"]]);
  });

  test("may have a link in it, which is taken out, and others beside it or in it", async () => {
    const { source, workDir } = folders();
    const [beside, inside] = [folders().source, folders().source];
    const mounts = [at("src/cache"), moved("src/in", inside), moved("out", beside), moved("src", source)];
    const { stdout } = await runner.run({ command: "cat src/cache/file src/in/file; ls . src", workDir, mounts });
    expect(stdout).toBe("of the volume\nmoved\n.:\nout\nsrc\n\nsrc:\ncache\nfile\nin\n");
    expect(readdirSync(join(workDir, "src")).toSorted()).toEqual(["file", "in"]);
  });

  test("is there already for a step whose earlier try had it moved", async () => {
    const { source, workDir } = folders();
    for (const _ of ["first", "again"]) {
      const { stdout } = await runner.run({ command: "cat src/file", workDir, mounts: [moved("src", source)] });
      expect(stdout).toBe("moved\n");
    }
  });

  test("replaces nothing, leads nowhere else, and is of something", async () => {
    const { source, workDir } = folders();
    mkdirSync(join(workDir, "src"));
    expect(await refusal({ workDir, mounts: [moved("src", source)] })).toContain("is there already");
    symlinkSync(author, join(workDir, "trap"));
    expect(await refusal({ workDir, mounts: [moved("trap/in", source)] })).toContain("by a link");
    expect(await refusal({ workDir, mounts: [moved("../src", source)] })).toContain("not below");
    expect(await refusal({ workDir, mounts: [moved("/src", source)] })).toContain("absolute path");
    expect(await refusal({ workDir, mounts: [moved("other", "/no/such/place")] })).toContain("does not exist");
    expect(await refusal({ workDir: source, mounts: [moved("src/in", source)] })).toContain("the workDir lies in");
    expect(readdirSync(source)).toContain("file");
  });

  /** Root may do everything: what others may not is tried as nobody, who has all but what is `foreign`. */
  function placeAsNobody(source: string, workDir: string, foreign: readonly string[] = []): void {
    const mounts = [moved("src", source)];
    if (process.getuid?.() !== 0) return placeMounts(runner.dir, workDir, mounts);
    for (const path of [runner.dir, join(workDir, ".."), workDir, source, join(source, "..")]) {
      if (!foreign.includes(path)) chownSync(path, nobody, nobody);
    }
    process.seteuid?.(nobody);
    try {
      placeMounts(runner.dir, workDir, mounts);
    } finally {
      process.seteuid?.(0);
      chownSync(runner.dir, 0, 0);
    }
  }

  test("may be one that its owner may not write, and is left so", () => {
    const { source, workDir } = folders();
    chmodSync(source, 0o555);
    placeAsNobody(source, workDir);
    const place = join(workDir, "src");
    expect([lstatSync(place).mode & 0o777, readFileSync(join(place, "file"), "utf8")]).toEqual([0o555, "moved\n"]);
    chmodSync(place, 0o755);
  });

  test("may lie in one that its owner may not even enter", () => {
    const { source, workDir } = folders();
    mkdirSync(join(source, "o"));
    if (process.getuid?.() === 0) chownSync(join(source, "o"), nobody, nobody);
    chmodSync(source, 0);
    placeAsNobody(join(source, "o"), workDir);
    expect(readdirSync(workDir)).toEqual(["src"]);
    chmodSync(source, 0o755);
  });

  test.skipIf(process.getuid?.() !== 0)("of another user, as a container may leave it, is a link that stays", () => {
    const [{ source, workDir }, next] = [folders(), folders()];
    for (const _ of ["first", "again"]) placeAsNobody(source, workDir, [source]);
    expect(readlinkSync(join(workDir, "src"))).toBe(source);
    placeAsNobody(join(workDir, "src"), next.workDir, [join(workDir, "src")]);
    expect(readFileSync(join(next.workDir, "src/file"), "utf8")).toBe("moved\n");
    expect(readdirSync(workDir)).toEqual([]);
  });
});
