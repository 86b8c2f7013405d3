// The part of the store's contract about commits: whole or not at all, in order, durable.

import { describe, expect, test } from "bun:test";
import { rejection } from "../../unit/store/store-files.ts";
import { createRun, newRun, type Subject } from "./subject.ts";

export function testCommits(subject: Subject): void {
  describe("commit", () => {
    test("what is committed is there after the store was closed and opened again", async () => {
      const run = await createRun(subject.store);
      await subject.reopen();
      expect((await subject.store.runs.findKept(run.id))?.run).toEqual(run);
    });

    test("a commit with one impossible write keeps none of its writes and rejects", async () => {
      const run = newRun();
      const commit = subject.store.commit([
        { type: "run.create", run },
        { type: "value.set", pipeline: "deploy", key: "k", value: 1 },
        { type: "run.create", run },
      ]);
      expect(await rejection(commit)).toMatchObject({ name: "AppError", code: "INTERNAL" });
      expect(await subject.store.runs.find(run.id)).toBeUndefined();
      expect(await subject.store.values.get("deploy", "k")).toBeUndefined();
    });

    test("commits made together succeed and fail each for itself", async () => {
      const results = await Promise.allSettled(
        Array.from({ length: 50 }, (_, index) =>
          subject.store.commit([
            { type: "value.set", pipeline: "deploy", key: `k${index}`, value: index },
            ...(index % 7 === 3 ? [{ type: "run.start", id: "no such run", at: 1 } as const] : []),
          ]),
        ),
      );
      for (const [index, { status }] of results.entries()) {
        expect(status).toBe(index % 7 === 3 ? "rejected" : "fulfilled");
        expect(await subject.store.values.get("deploy", `k${index}`)).toBe(index % 7 === 3 ? undefined : index);
      }
    });

    test("commits are applied in the order of their calls", async () => {
      const commits = Array.from({ length: 2000 }, (_, value) =>
        subject.store.commit([{ type: "value.set", pipeline: "deploy", key: "last", value }]),
      );
      const settled: number[] = [];
      await Promise.all(commits.map(async (commit, index) => settled.push((await commit, index))));
      expect(await subject.store.values.get("deploy", "last")).toBe(1999);
      expect(settled).toEqual(settled.toSorted((a, b) => a - b));
    });

    test("the writes of one commit are applied in the order given", async () => {
      await subject.store.commit([
        { type: "value.set", pipeline: "deploy", key: "a", value: 1 },
        { type: "value.delete", pipeline: "deploy", key: "a" },
        { type: "value.delete", pipeline: "deploy", key: "b" },
        { type: "value.set", pipeline: "deploy", key: "b", value: 2 },
      ]);
      expect(await subject.store.values.keys("deploy", "")).toEqual(["b"]);
    });

    test("a commit of nothing resolves after those before it", async () => {
      const order: string[] = [];
      const first = subject.store.commit([{ type: "value.set", pipeline: "p", key: "k", value: 1 }]);
      await Promise.all([
        first.then(() => order.push("first")),
        subject.store.commit([]).then(() => order.push("nothing")),
      ]);
      expect(order).toEqual(["first", "nothing"]);
    });

    test("what the caller does to its writes after the call changes nothing", async () => {
      const run = await createRun(subject.store);
      const bytes = new TextEncoder().encode("as it was");
      const value: Record<string, string> = { is: "as it was" };
      const commit = subject.store.commit([
        {
          type: "log.output",
          runId: run.id,
          seq: 1,
          at: 1,
          stepName: "s",
          chunk: { stepId: `${run.id}.1`, stream: "stdout", offset: 0, bytes },
        },
        { type: "value.set", pipeline: "deploy", key: "k", value },
      ]);
      bytes.fill(120);
      value["is"] = "changed";
      await commit;
      expect(bytes.length).toBe(9);
      expect(new TextDecoder().decode(await subject.store.logs.readOutput(`${run.id}.1`, "stdout", 0, 99))).toBe(
        "as it was",
      );
      expect(await subject.store.values.get("deploy", "k")).toEqual({ is: "as it was" });
    });

    test("close finishes the commits in hand, can be repeated, and nothing is taken after it", async () => {
      const inHand = subject.store.commit([{ type: "value.set", pipeline: "p", key: "k", value: 1 }]);
      const closing = Promise.all([subject.store.close(), subject.store.close()]);
      const late = subject.store.commit([{ type: "value.set", pipeline: "p", key: "late", value: 1 }]);
      expect(await rejection(late)).toMatchObject({ code: "STORE_UNAVAILABLE" });
      await inHand;
      await closing;
      expect(await rejection(subject.store.values.get("p", "k"))).toMatchObject({ code: "STORE_UNAVAILABLE" });
      await subject.reopen();
      expect(await subject.store.values.keys("p", "")).toEqual(["k"]);
    });
  });
}
