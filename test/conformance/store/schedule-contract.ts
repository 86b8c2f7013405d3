// The part of the store's contract about how far schedules have come, and which pipelines are paused.

import { describe, expect, test } from "bun:test";
import { rejection } from "../../unit/store/store-files.ts";
import { newRun, type Subject } from "./subject.ts";

const nightly = { pipeline: "deploy", schedule: '["0 3 * * *",null,{}]' } as const;

export function testSchedules(subject: Subject): void {
  describe("schedules", () => {
    const put = (doneUntil: number) => ({ type: "schedule.put", ...nightly, doneUntil }) as const;
    const tick = (at: number, runId: string | null) =>
      ({ type: "schedule.tick", ...nightly, tick: at, runId }) as const;

    test("a new one has dealt with what came before it, and has had no run", async () => {
      await subject.store.commit([put(1000)]);
      expect(await subject.store.schedules.all()).toEqual([
        { ...nightly, doneUntil: 1000, lastTick: null, lastRun: null },
      ]);
    });

    test("a tick is the last one, and its run too unless that was skipped", async () => {
      await subject.store.commit([put(1000)]);
      await subject.store.commit([tick(2000, "first")]);
      await subject.store.commit([tick(3000, null)]);
      await subject.reopen();
      expect(await subject.store.schedules.all()).toEqual([
        { ...nightly, doneUntil: 3000, lastTick: 3000, lastRun: "first" },
      ]);
    });

    test("a tick that was dealt with is refused, with all that was to be recorded with it", async () => {
      await subject.store.commit([put(1000), tick(2000, "first")]);
      for (const again of [2000, 1500, 1000]) {
        const run = newRun();
        const failed = await rejection(subject.store.commit([{ type: "run.create", run }, tick(again, run.id)]));
        expect(failed).toMatchObject({ code: "INTERNAL" });
        expect(await subject.store.runs.find(run.id)).toBeUndefined();
      }
      expect(await subject.store.schedules.all()).toMatchObject([{ doneUntil: 2000, lastRun: "first" }]);
    });

    test("a tick of a schedule that nobody knows is refused", async () => {
      expect(await rejection(subject.store.commit([tick(2000, "first")]))).toMatchObject({ code: "INTERNAL" });
    });

    test("what a schedule has dealt with can be set, forwards and back, and keeps its last run", async () => {
      await subject.store.commit([put(1000), tick(2000, "first"), put(9000)]);
      expect(await subject.store.schedules.all()).toMatchObject([
        { doneUntil: 9000, lastTick: 2000, lastRun: "first" },
      ]);
      await subject.store.commit([put(500)]);
      expect(await subject.store.schedules.all()).toMatchObject([{ doneUntil: 500, lastTick: 2000, lastRun: "first" }]);
    });

    test("schedules of a pipeline are apart, and a removed one is gone", async () => {
      const hourly = { pipeline: "deploy", schedule: '["@hourly",null,{}]' } as const;
      await subject.store.commit([put(1), { type: "schedule.put", ...hourly, doneUntil: 2 }]);
      expect((await subject.store.schedules.all()).map(({ doneUntil }) => doneUntil)).toEqual([1, 2]);
      await subject.store.commit([
        { type: "schedule.remove", ...nightly },
        { type: "schedule.remove", pipeline: "deploy", schedule: "unknown" },
      ]);
      expect(await subject.store.schedules.all()).toMatchObject([{ ...hourly }]);
    });
  });

  describe("pauses", () => {
    test("a paused pipeline is so since it was first paused, until it is resumed", async () => {
      await subject.store.commit([
        { type: "pipeline.pause", pipeline: "deploy", at: 1 },
        { type: "pipeline.pause", pipeline: "home/backup", at: 2 },
        { type: "pipeline.pause", pipeline: "deploy", at: 3 },
      ]);
      await subject.reopen();
      expect(await subject.store.pauses.all()).toEqual(
        new Map([
          ["deploy", 1],
          ["home/backup", 2],
        ]),
      );
      await subject.store.commit([
        { type: "pipeline.resume", pipeline: "deploy" },
        { type: "pipeline.resume", pipeline: "unknown" },
      ]);
      expect([...(await subject.store.pauses.all()).keys()]).toEqual(["home/backup"]);
    });
  });
}
