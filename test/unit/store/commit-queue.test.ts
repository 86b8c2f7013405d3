// Group commit: which commits share a batch, and what becomes of each.

import { expect, test } from "bun:test";
import { CommitQueue } from "../../../src/store/sqlite/commit-queue.ts";
import { encodeCommit } from "../../../src/store/sqlite/encode-commit.ts";
import type { CommitFailure } from "../../../src/store/sqlite/worker-messages.ts";
import { rejection, setValue } from "./store-files.ts";

/** A queue whose batches wait until the test lets them go. */
function heldQueue() {
  const batches: {
    readonly keys: readonly unknown[];
    readonly settle: PromiseWithResolvers<readonly CommitFailure[]>;
  }[] = [];
  const queue = new CommitQueue((commits) => {
    const settle = Promise.withResolvers<readonly CommitFailure[]>();
    batches.push({ keys: commits.map((writes) => writes[0]?.binds[1]), settle });
    return settle.promise;
  });
  const push = (key: string, value = "") => queue.push(encodeCommit([setValue(key, value)]));
  const batch = (index: number) => {
    const found = batches[index];
    if (!found) throw new Error(`there is no batch ${index}`);
    return found;
  };
  return { queue, batches, batch, push };
}

const turn = () => Bun.sleep(1);

test("commits of one go are one batch, and those made meanwhile are the next", async () => {
  const { batches, batch, push } = heldQueue();
  const settled: string[] = [];
  for (const key of ["a", "b"]) void push(key).then(() => settled.push(key));
  await turn();
  for (const key of ["c", "d", "e"]) void push(key).then(() => settled.push(key));
  await turn();
  expect(batches.map(({ keys }) => keys)).toEqual([["a", "b"]]);
  expect(settled).toEqual([]);
  batch(0).settle.resolve([]);
  await turn();
  expect(settled).toEqual(["a", "b"]);
  expect(batches.map(({ keys }) => keys)).toEqual([
    ["a", "b"],
    ["c", "d", "e"],
  ]);
});

test("a batch has at most 512 commits", async () => {
  const { batches, batch, push } = heldQueue();
  for (let index = 0; index < 1100; index++) void push(`k${index}`);
  for (let index = 0; index < 3; index++) {
    await turn();
    batch(index).settle.resolve([]);
  }
  expect(batches.map(({ keys }) => keys.length)).toEqual([512, 512, 76]);
});

test("a batch has at most 8 MiB, and one commit that is larger goes alone", async () => {
  const { batches, batch, push } = heldQueue();
  const sizes = [3, 3, 3, 9, 1].map((mebibytes) => "x".repeat(mebibytes * 1024 * 1024));
  for (const [index, value] of sizes.entries()) void push(`k${index}`, value);
  for (let index = 0; index < 4; index++) {
    await turn();
    batch(index).settle.resolve([]);
  }
  expect(batches.map(({ keys }) => keys)).toEqual([["k0", "k1"], ["k2"], ["k3"], ["k4"]]);
});

test("the commits named in the answer reject, and all others of the batch resolve", async () => {
  const { batch, push } = heldQueue();
  const results = Promise.allSettled([push("a"), push("b"), push("c")]);
  await turn();
  batch(0).settle.resolve([{ index: 1, error: { code: "INTERNAL", message: "no", hint: undefined, details: {} } }]);
  expect((await results).map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
});

test("a batch that fails rejects all of its commits and none of the next batch", async () => {
  const { batch, push } = heldQueue();
  const first = Promise.allSettled([push("a"), push("b")]);
  await turn();
  const second = push("c");
  batch(0).settle.reject(new Error("disk"));
  expect((await first).map(({ status }) => status)).toEqual(["rejected", "rejected"]);
  await turn();
  batch(1).settle.resolve([]);
  await second;
});

test("closing waits for what was pushed before, and refuses what comes after", async () => {
  const { queue, batch, push } = heldQueue();
  const inHand = push("a");
  let closed = false;
  const closing = queue.close().then(() => (closed = true));
  expect(await rejection(push("late"))).toMatchObject({ code: "STORE_UNAVAILABLE" });
  await turn();
  expect(closed).toBe(false);
  batch(0).settle.resolve([]);
  await inHand;
  await closing;
});
