// The thread that writes may die: nobody waits for ever, and what was acknowledged stays.

import { expect, test } from "bun:test";
import { openSqliteStore } from "../../../src/store/store.ts";
import { createWorker, openStore, rejection, setValue, withDatabase } from "./store-files.ts";

test("when the worker dies every commit in hand and every later one rejects, and reads go on", async () => {
  await withDatabase(async (path) => {
    let worker: Worker | undefined;
    const store = await openSqliteStore({ path, createWorker: () => (worker = createWorker()) });
    await store.commit([setValue("before")]);
    const inHand = Array.from({ length: 1500 }, (_, index) => store.commit([setValue(`k${index}`, "x".repeat(3000))]));
    const results = Promise.allSettled(inHand);
    await Promise.resolve();
    worker?.terminate();
    expect((await results).at(-1)).toMatchObject({ status: "rejected", reason: { code: "STORE_UNAVAILABLE" } });
    const error = await rejection(store.commit([setValue("late")]));
    expect(error).toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(String(error)).toContain("died");
    expect(await store.values.get("deploy", "before")).toBe(1);
    await store.close();
  });
});

test("commits acknowledged before the worker died are there when the store is opened again", async () => {
  await withDatabase(async (path) => {
    let worker: Worker | undefined;
    const store = await openSqliteStore({ path, createWorker: () => (worker = createWorker()) });
    const commits = Array.from({ length: 3000 }, (_, index) => store.commit([setValue(`k${index}`)]));
    await commits[600];
    worker?.terminate();
    const results = await Promise.allSettled(commits);
    await store.close();
    const reopened = await openStore(path);
    const keys = new Set(await reopened.values.keys("deploy", "k"));
    const lost = results.flatMap(({ status }, index) =>
      status === "fulfilled" && !keys.has(`k${index}`) ? [index] : [],
    );
    expect(lost).toEqual([]);
    expect(keys.size).toBeGreaterThan(600);
    await reopened.close();
  });
});

test("a worker that does not start is an error, and leaves the database free", async () => {
  await withDatabase(async (path) => {
    const broken = () => new Worker("data:text/javascript,throw new Error('broken worker')");
    const error = await rejection(openSqliteStore({ path, createWorker: broken }));
    expect(error).toMatchObject({ code: "STORE_UNAVAILABLE" });
    expect(String(error)).toContain("broken worker");
    await (await openStore(path)).close();
  });
});

test("a worker that cannot even be made is an error, and leaves the database free", async () => {
  await withDatabase(async (path) => {
    const impossible = (): Worker => {
      throw new Error("no threads left");
    };
    const error = await rejection(openSqliteStore({ path, createWorker: impossible }));
    expect(String(error)).toContain("no threads left");
    await (await openStore(path)).close();
  });
});
