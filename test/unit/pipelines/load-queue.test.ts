// Work by key.

import { describe, expect, test } from "bun:test";
import { LoadQueue } from "../../../src/pipelines/load-queue.ts";

describe("LoadQueue", () => {
  test("never works on more keys at once than allowed, and on all of them", async () => {
    let running = 0;
    let most = 0;
    const done: string[] = [];
    const queue = new LoadQueue(3, async (key) => {
      most = Math.max(most, ++running);
      await Bun.sleep(1);
      running -= 1;
      done.push(key);
    });
    for (let index = 0; index < 20; index++) queue.add(`k${index}`);
    await queue.idle();
    expect(most).toBe(3);
    expect(done).toHaveLength(20);
  });

  test("works once more, and not at the same time, on a key added while it is worked on", async () => {
    let running = 0;
    let runs = 0;
    const queue = new LoadQueue(3, async () => {
      expect(++running).toBe(1);
      runs += 1;
      await Bun.sleep(2);
      running -= 1;
    });
    queue.add("a");
    queue.add("a");
    queue.add("a");
    await queue.idle();
    expect(runs).toBe(2);
  });

  test("says when one key is done, not waiting for the others", async () => {
    const gate = Promise.withResolvers<void>();
    const done: string[] = [];
    const queue = new LoadQueue(1, async (key) => {
      if (key === "slow") await gate.promise;
      done.push(key);
    });
    await queue.settled("never added");
    for (const key of ["a", "slow", "b"]) queue.add(key);
    await queue.settled("a");
    expect(done).toEqual(["a"]);
    const cleared = queue.settled("b");
    queue.clear();
    await cleared;
    gate.resolve();
    await queue.settled("slow");
    expect(done).toEqual(["a", "slow"]);
  });

  test("waits for a key that is worked on once more", async () => {
    let runs = 0;
    const queue = new LoadQueue(1, async () => {
      runs += 1;
      await Bun.sleep(1);
    });
    queue.add("a");
    queue.add("a");
    await queue.settled("a");
    expect(runs).toBe(2);
  });
});
