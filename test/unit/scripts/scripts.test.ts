// What each script in scripts/ must be, so that it works on a fresh machine and under both package managers.

import { expect, test } from "bun:test";
import { spawnSync } from "node:child_process";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import packageFile from "../../../package.json" with { type: "json" };

const root = join(import.meta.dir, "../../..");
const scripts = readdirSync(join(root, "scripts"), { withFileTypes: true })
  .filter((entry) => entry.isFile())
  .map((entry) => join("scripts", entry.name));

test.each(scripts)("%s is an executable that the POSIX shell can read", (script) => {
  const path = join(root, script);
  expect(statSync(path).mode & 0o111).toBe(0o111);
  expect(readFileSync(path, "utf8")).toStartWith("#!/bin/sh\n# ");
  expect(spawnSync("sh", ["-n", path], { encoding: "utf8" }).stderr).toBe("");
});

test("package.json calls the scripts by their names and hides no command of Bun", () => {
  for (const [name, command] of Object.entries(packageFile.scripts)) expect(command).toBe(`./scripts/${name}`);
  for (const name of ["build", "start", "verify", "test", "bench", "soak"])
    expect(scripts).toContain(`scripts/${name}`);
  for (const name of ["check", "fmt", "lint"]) expect(packageFile.scripts).not.toHaveProperty(name);
});

test("scripts/dependencies without Bun and npm says what to install", () => {
  // A copy without node_modules, on a PATH that has only what a POSIX shell brings.
  const dir = spawnSync("mktemp", ["-d"], { encoding: "utf8" }).stdout.trim();
  const commands = ["sed", "dirname", "uname", "cksum", "cat"].map((name) => Bun.which(name) ?? name);
  const setUp = 'mkdir "$1/my copy" "$1/my copy/scripts" "$1/bin" && cp package.json bun.lock "$1/my copy" && ';
  const copy = 'cp scripts/dependencies "$1/my copy/scripts" && dir=$1 && shift && ln -s "$@" "$dir/bin"';
  try {
    const made = spawnSync("sh", ["-c", setUp + copy, "sh", dir, ...commands], { cwd: root, encoding: "utf8" });
    expect(made.stderr).toBe("");
    const script = join(dir, "my copy/scripts/dependencies");
    const ran = spawnSync("/bin/sh", [script], { cwd: "/", env: { PATH: join(dir, "bin") }, encoding: "utf8" });
    expect(ran.stderr).toContain("neither Bun nor npm is on the PATH. Install");
    expect(ran.status).toBe(69);
  } finally {
    spawnSync("rm", ["-rf", dir]);
  }
});
