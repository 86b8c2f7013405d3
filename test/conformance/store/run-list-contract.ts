// The part of the store's contract about many runs: pages, filters, the newest, the unfinished.

import { describe, expect, test } from "bun:test";
import type { RunQuery, Store } from "../../../src/store/store.ts";
import { rejection } from "../../unit/store/store-files.ts";
import { createRun, type Subject } from "./subject.ts";

/** Follows the cursors; the ids of each page. */
async function pages(store: Store, query: RunQuery): Promise<readonly (readonly string[])[]> {
  const found: (readonly string[])[] = [];
  for (let cursor: string | null | undefined; cursor !== null;) {
    const page = await store.runs.list(cursor === undefined ? query : { ...query, cursor });
    found.push(page.runs.map(({ id }) => id));
    cursor = page.nextCursor;
  }
  return found;
}

/** 12 runs, oldest first: deploy, backup, deploy, …; every third failed, the others queued. */
async function createRuns(store: Store): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let index = 0; index < 12; index++) {
    const { id } = await createRun(store, { pipeline: index % 2 === 0 ? "deploy" : "home/backup" });
    if (index % 3 === 0) {
      await store.commit([{ type: "run.finish", id, status: "failed", result: null, error: null, at: 1 }]);
    }
    ids.push(id);
  }
  return ids;
}

export function testRunLists(subject: Subject): void {
  describe("lists of runs", () => {
    test("an empty store has an empty list without a next page", async () => {
      expect(await subject.store.runs.list({ limit: 1 })).toEqual({ runs: [], nextCursor: null });
    });

    test("the pages together have every run once, newest first", async () => {
      const newestFirst = (await createRuns(subject.store)).toReversed();
      const found = await pages(subject.store, { limit: 5 });
      expect(found.map((page) => page.length)).toEqual([5, 5, 2]);
      expect(found.flat()).toEqual(newestFirst);
    });

    test("a last page that is exactly full has no next page", async () => {
      await createRuns(subject.store);
      expect((await pages(subject.store, { limit: 6 })).map((page) => page.length)).toEqual([6, 6]);
    });

    test("filters by pipeline and status hold on every page", async () => {
      const ids = (await createRuns(subject.store)).toReversed();
      const place = (id: string): number => ids.length - 1 - ids.indexOf(id);
      const deploy = ids.filter((id) => place(id) % 2 === 0);
      const failed = ids.filter((id) => place(id) % 3 === 0);
      const both = ids.filter((id) => place(id) % 6 === 0);
      expect((await pages(subject.store, { pipeline: "deploy", limit: 1 })).flat()).toEqual(deploy);
      expect((await pages(subject.store, { status: "failed", limit: 3 })).flat()).toEqual(failed);
      expect((await pages(subject.store, { status: "failed", pipeline: "deploy", limit: 1 })).flat()).toEqual(both);
      expect((await pages(subject.store, { pipeline: "nope", limit: 1 })).flat()).toEqual([]);
    });

    test("runs created while the pages are followed do not disturb them", async () => {
      const newestFirst = (await createRuns(subject.store)).toReversed();
      const first = await subject.store.runs.list({ limit: 4 });
      await createRun(subject.store);
      const second = await subject.store.runs.list({ limit: 20, cursor: first.nextCursor ?? "" });
      expect([...first.runs, ...second.runs].map(({ id }) => id)).toEqual(newestFirst);
    });

    test("a cursor that is not ours is refused", async () => {
      for (const cursor of ["", "x", "'; DROP TABLE runs", Buffer.from("run:").toString("base64url"), "cnVuOjE="]) {
        expect(await rejection(subject.store.runs.list({ limit: 1, cursor }))).toMatchObject({ code: "BAD_REQUEST" });
      }
    });

    test("a limit outside 1 to 500 is refused", async () => {
      for (const limit of [0, -1, 501, 1.5, Number.NaN]) {
        expect(await rejection(subject.store.runs.list({ limit }))).toMatchObject({ code: "BAD_REQUEST" });
      }
    });

    test("the unfinished runs are those queued or running, oldest first", async () => {
      const ids = await createRuns(subject.store);
      const queued = ids.filter((_, index) => index % 3 !== 0);
      await subject.store.commit([{ type: "run.start", id: queued[1] ?? "", at: 1 }]);
      const unfinished = await subject.store.runs.unfinished();
      expect(unfinished.map(({ id }) => id)).toEqual(queued);
      expect(unfinished.map(({ status }) => status)).toEqual(queued.map((_, at) => (at === 1 ? "running" : "queued")));
    });

    test("the latest run of each pipeline is its newest, and a pipeline without runs is absent", async () => {
      const ids = await createRuns(subject.store);
      const latest = await subject.store.runs.latest(["deploy", "never ran", "home/backup"]);
      expect([...latest].map(([pipeline, run]) => [pipeline, run.id])).toEqual([
        ["deploy", ids[10] ?? ""],
        ["home/backup", ids[11] ?? ""],
      ]);
      expect(await subject.store.runs.latest([])).toEqual(new Map());
    });
  });
}
