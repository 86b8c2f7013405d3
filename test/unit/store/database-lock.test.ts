// One process owns a database, for exactly as long as it lives.

import { mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { join, relative } from "node:path";
import { expect, test } from "bun:test";
import { AppError } from "../../../src/core/app-error.ts";
import { firstOutput, startProgram } from "./start-program.ts";
import { openStore, rejection, setValue, withDatabase } from "./store-files.ts";

test("a second process is refused with the owner's pid, and let in once the owner has closed", async () => {
  await withDatabase(async (path) => {
    const owner = startProgram("own-store", path);
    await firstOutput(owner);
    const error = await rejection(openStore(path));
    expect(error).toMatchObject({ code: "DATABASE_LOCKED", details: { pid: owner.pid } });
    if (!(error instanceof AppError)) throw error;
    expect(error.class.exitCode).toBe(75);
    expect(error.message).toMatch(new RegExp(`process ${owner.pid} since 20\\d\\d-`));
    expect(error.hint).toContain(String(owner.pid));
    await owner.stdin.end();
    expect(await owner.exited).toBe(0);
    await (await openStore(path)).close();
  });
});

test("a database whose owner was killed with SIGKILL can be opened at once, again and again", async () => {
  await withDatabase(async (path) => {
    for (let round = 0; round < 3; round++) {
      const owner = startProgram("own-store", path);
      await firstOutput(owner);
      owner.kill("SIGKILL");
      await owner.exited;
      const store = await openStore(path);
      await store.commit([setValue(`round ${round}`)]);
      await store.close();
    }
  });
});

test("a second open in the same process is refused, and harms the first in nothing", async () => {
  await withDatabase(async (path) => {
    const store = await openStore(path);
    const error = await rejection(openStore(path));
    expect(error).toMatchObject({ code: "DATABASE_LOCKED", details: { pid: process.pid } });
    expect(String(error)).toContain("this one");
    await store.commit([setValue("k")]);
    const other = startProgram("own-store", path);
    expect(await other.exited).not.toBe(0);
    await store.close();
  });
});

test("every way to name the file meets the same lock", async () => {
  await withDatabase(async (path, folder) => {
    const store = await openStore(path);
    mkdirSync(join(folder, "sub"));
    symlinkSync("runner.db", join(folder, "link.db"));
    symlinkSync("../link.db", join(folder, "sub", "link to link.db"));
    symlinkSync(folder, join(folder, "sub", "folder"));
    const names = [
      relative(process.cwd(), path),
      join(folder, "sub/../runner.db").replace("runner.db", "./runner.db"),
      join(folder, "link.db"),
      join(folder, "sub", "link to link.db"),
      join(folder, "sub", "folder", "runner.db"),
    ];
    for (const name of names) expect(await rejection(openStore(name))).toMatchObject({ code: "DATABASE_LOCKED" });
    await store.close();
  });
});

test("a link to a file that does not exist yet makes that file, with the lock beside it", async () => {
  await withDatabase(async (path, folder) => {
    mkdirSync(join(folder, "target"));
    symlinkSync("target/real.db", path);
    const store = await openStore(path);
    expect(await rejection(openStore(join(folder, "target", "real.db")))).toMatchObject({ code: "DATABASE_LOCKED" });
    await store.close();
    expect(readdirSync(join(folder, "target")).toSorted()).toEqual(["real.db", "real.db.lock"]);
  });
});

test("of many processes that start together exactly one becomes the owner", async () => {
  await withDatabase(async (path) => {
    const programs = Array.from({ length: 5 }, () => startProgram("own-store", path));
    const outputs = await Promise.allSettled(programs.map(firstOutput));
    const owners = programs.filter((_, index) => outputs[index]?.status === "fulfilled");
    expect(owners.length).toBe(1);
    await owners[0]?.stdin.end();
    await Promise.all(programs.map(({ exited }) => exited));
  });
});
