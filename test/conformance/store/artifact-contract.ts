// The part of the store's contract about the files that are kept with runs.

import { describe, expect, test } from "bun:test";
import type { StoredArtifact } from "../../../src/store/store.ts";
import { rejection } from "../../unit/store/store-files.ts";
import { createRun, type Subject } from "./subject.ts";

const artifact = (name: string, number: number): StoredArtifact => ({
  name,
  number,
  bytes: number * 1000,
  createdAt: 1_759_000_000_000 + number,
});

export function testArtifacts(subject: Subject): void {
  const put = async (runId: string, ...artifacts: readonly StoredArtifact[]): Promise<void> =>
    await subject.store.commit(artifacts.map((each) => ({ type: "artifact.put", runId, artifact: each })));

  describe("artifacts", () => {
    test("an artifact is found by its exact name in its own run", async () => {
      const [one, other] = [await createRun(subject.store), await createRun(subject.store)];
      const kept = artifact("Bericht ü\u0000.txt", 3);
      await put(one.id, kept);
      expect(await subject.store.artifacts.find(one.id, kept.name)).toEqual(kept);
      expect(await subject.store.artifacts.find(one.id, kept.name.toLowerCase())).toBeUndefined();
      expect(await subject.store.artifacts.find(other.id, kept.name)).toBeUndefined();
      expect(await subject.store.artifacts.list(other.id)).toEqual([]);
    });

    test("those of a run are in the order of their host calls, in its list as in the run itself", async () => {
      const run = await createRun(subject.store);
      await put(run.id, artifact("b", 10), artifact("a", 9), artifact("c", 2));
      const names = ["c", "a", "b"];
      expect((await subject.store.artifacts.list(run.id)).map(({ name }) => name)).toEqual(names);
      const found = await subject.store.runs.find(run.id);
      expect(found?.artifacts.map(({ name }) => name)).toEqual(names);
      expect(found?.artifacts[0]).toEqual({ name: "c", bytes: 2000, createdAt: 1_759_000_000_002 });
    });

    test("one of the same name replaces the first, in its run only", async () => {
      const [one, other] = [await createRun(subject.store), await createRun(subject.store)];
      await put(one.id, artifact("a", 1));
      await put(other.id, artifact("a", 1));
      await put(one.id, artifact("a", 5));
      expect(await subject.store.artifacts.list(one.id)).toEqual([artifact("a", 5)]);
      expect(await subject.store.artifacts.list(other.id)).toEqual([artifact("a", 1)]);
    });

    test("each run of a list has its own", async () => {
      const [first, second] = [await createRun(subject.store), await createRun(subject.store)];
      await put(first.id, artifact("a", 1));
      await put(second.id, artifact("b", 1), artifact("c", 2));
      const { runs } = await subject.store.runs.list({ limit: 10 });
      expect(runs.map(({ artifacts }) => artifacts.map(({ name }) => name))).toEqual([["b", "c"], ["a"]]);
    });

    test("an artifact of no run is refused", async () => {
      expect(await rejection(put("nope", artifact("a", 1)))).toMatchObject({ code: "INTERNAL" });
    });

    test("ids that are of no run are told from those that are", async () => {
      const run = await createRun(subject.store);
      expect(await subject.store.artifacts.withoutRun(["x", run.id, "y"])).toEqual(["x", "y"]);
      expect(await subject.store.artifacts.withoutRun([])).toEqual([]);
    });
  });
}
