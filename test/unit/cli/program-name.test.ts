import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmod, mkdir, mkdtemp, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProgramName } from "../../../src/cli/program-name.ts";

let dir: string;
let file: string;

beforeEach(async () => {
  dir = await realpath(await mkdtemp(join(tmpdir(), "runner-program-")));
  file = join(dir, "build of mine");
  await writeFile(file, "#!/bin/sh\n", { mode: 0o755 });
});

afterEach(() => rm(dir, { recursive: true, force: true }));

/** A folder of PATH with a `runner` in it. */
async function makeBin(name: string, target: string, program = "runner"): Promise<string> {
  const bin = join(dir, name);
  await mkdir(bin);
  await symlink(target, join(bin, program));
  return bin;
}

const find = (startedAs: readonly string[], ...path: readonly string[]): Promise<string> =>
  findProgramName({ startedAs, file }, { PATH: path.join(":") });

test("a program that is not on PATH has the name it was started with", async () => {
  expect(await find(["dist/runner"], "/usr/bin", "", join(dir, "absent"))).toBe("dist/runner");
  expect(await find(["bun", "src/main.ts"])).toBe("bun src/main.ts");
});

test("a program that is `runner` on PATH is runner, however it was started", async () => {
  const bin = await makeBin("bin", file);
  expect(await find(["dist/runner"], bin)).toBe("runner");
  expect(await find(["runner"], "/usr/bin", bin)).toBe("runner");
});

test("the first `runner` on PATH counts, and what cannot be executed does not", async () => {
  const other = join(dir, "other");
  await writeFile(other, "#!/bin/sh\n", { mode: 0o755 });
  const [first, second] = [await makeBin("first", other), await makeBin("second", file)];
  expect(await find(["./runner"], first, second)).toBe("./runner");
  await chmod(other, 0o644);
  expect(await find(["./runner"], first, second)).toBe("runner");
});

test("a program found on PATH by another name keeps that one, and one that is not found there has its path", async () => {
  const bin = await makeBin("bin", file, "runner-2");
  expect(await find(["runner-2"], bin)).toBe("runner-2");
  expect(await find(["runner"], "/usr/bin")).toBe(`'${file}'`);
});

test("what a shell would take apart is quoted", async () => {
  expect(await find(["./it's/runner", "a;b"])).toBe(`'./it'\\''s/runner' 'a;b'`);
});
