// The part of the store's contract about events: each change of a status is one, in the transaction of that change.

import { describe, expect, test } from "bun:test";
import type { EventRecord, NewEvent } from "../../../src/core/event.ts";
import { newStep, type Step } from "../../../src/core/run.ts";
import type { Store, Write } from "../../../src/store/store.ts";
import { createRun, newRun, type Subject } from "./subject.ts";

const createdAt = 1_759_000_000_123;
const boom = { code: "SCRIPT_ERROR", message: "boom", hint: null, file: "deploy.ts", line: 3 } as const;

function finish(id: string, status: "succeeded" | "failed" | "timed_out" | "cancelled" | "skipped"): Write {
  const error = status === "succeeded" ? null : boom;
  return { type: "run.finish", id, status, result: null, error, at: createdAt + 5000 };
}

function event(changes: Partial<NewEvent> = {}): NewEvent {
  const id = `evt_${Bun.randomUUIDv7().replaceAll("-", "")}`;
  return { id, type: "custom.made", createdAt, runId: null, pipeline: null, target: null, data: {}, ...changes };
}

async function typesOf(store: Store, runId: string): Promise<readonly string[]> {
  const { events } = await store.events.list({ runId, limit: 100 });
  return events.map(({ type }) => type).toReversed();
}

async function all(store: Store): Promise<readonly EventRecord[]> {
  return await store.events.after(0, 1000);
}

export function testEvents(subject: Subject): void {
  describe("events", () => {
    const { commit } = { commit: async (...writes: readonly Write[]) => await subject.store.commit(writes) };

    test("tell each change of a run's status once, in order, with their places in the run", async () => {
      const { id } = await createRun(subject.store);
      await commit({ type: "run.start", id, at: createdAt + 1 });
      // Executed again after a crash: nothing has changed.
      await commit({ type: "run.start", id, at: createdAt + 2 });
      await commit({ type: "run.wait", id, wakeAt: null, at: createdAt + 3 });
      await commit({ type: "run.start", id, at: createdAt + 4 });
      await commit(finish(id, "succeeded"));
      const events = await all(subject.store);
      expect(events.map(({ type, createdAt: at, sequence }) => [type, at - createdAt, sequence])).toEqual([
        ["run.created", 0, 1],
        ["run.started", 1, 2],
        ["run.paused", 3, 3],
        ["run.resumed", 4, 4],
        ["run.completed", 5000, 5],
      ]);
      expect(events.at(-1)).toMatchObject({
        runId: id,
        pipeline: "deploy",
        target: null,
        data: {
          run_id: id,
          pipeline: "deploy",
          trigger: "manual",
          status: "succeeded",
          rerun_of: null,
          duration_ms: 5000,
        },
      });
      expect(new Set(events.map((each) => each.id)).size).toBe(5);
      for (const each of events) expect(each.id).toMatch(/^evt_[0-9a-f]{28}$/);
    });

    test.each([
      ["failed", ["run.failed", "error.escalated"]],
      ["timed_out", ["run.failed", "error.escalated"]],
      ["cancelled", ["run.cancelled"]],
      ["skipped", ["run.skipped"]],
    ] as const)("tell that a run is %s", async (status, types) => {
      const { id } = await createRun(subject.store);
      await commit(finish(id, status));
      const events = (await all(subject.store)).slice(1);
      expect(events.map(({ type }) => type)).toEqual([...types]);
      expect(events[0]?.data).toMatchObject({ status, error: boom });
    });

    test("tell that a rerun has resolved what had failed, and only that", async () => {
      const failed = await createRun(subject.store);
      await commit(finish(failed.id, "failed"));
      const rerun = await createRun(subject.store, { rerunOf: failed.id });
      await commit(finish(rerun.id, "succeeded"));
      expect(await typesOf(subject.store, rerun.id)).toEqual(["run.created", "run.completed", "error.resolved"]);
      const again = await createRun(subject.store, { rerunOf: rerun.id });
      await commit(finish(again.id, "succeeded"));
      expect(await typesOf(subject.store, again.id)).toEqual(["run.created", "run.completed"]);
    });

    test("tell of a queued run that never begins, but not of one that has begun", async () => {
      const [queued, begun] = [await createRun(subject.store), await createRun(subject.store)];
      await commit({ type: "run.start", id: begun.id, at: createdAt });
      const drop = (id: string): Write => ({ type: "run.drop_queued", id, error: boom, at: createdAt });
      await commit(drop(queued.id), drop(begun.id));
      expect(await typesOf(subject.store, queued.id)).toEqual(["run.created", "run.cancelled"]);
      expect(await typesOf(subject.store, begun.id)).toEqual(["run.created", "run.started"]);
    });

    test("tell what a run that waits is waiting for, and when it goes on by itself", async () => {
      const { id } = await createRun(subject.store);
      const step = (number: number, changes: Partial<Step>): Write => {
        const made = newStep(`${id}.${number}`, `step ${number}`, "sleep");
        return { type: "step.put", runId: id, step: { ...made, startedAt: createdAt, attempts: 1, ...changes } };
      };
      await commit(
        step(1, { status: "succeeded", finishedAt: createdAt }),
        step(2, { status: "waiting", until: createdAt + 60_000 }),
        step(4, { status: "waiting", kind: "approval" }),
        { type: "run.wait", id, wakeAt: createdAt + 60_000, at: createdAt + 3 },
      );
      await commit({ type: "run.start", id, at: createdAt }, { type: "run.wait", id, wakeAt: null, at: createdAt + 5 });
      const paused = (await all(subject.store)).filter(({ type }) => type === "run.paused");
      const waitsFor = [
        { step_id: `${id}.4`, name: "step 4", kind: "approval" },
        { step_id: `${id}.2`, name: "step 2", kind: "sleep" },
      ];
      expect(paused[0]?.data).toMatchObject({ status: "waiting", wakes_at: "2025-09-27T19:07:40.123Z" });
      expect(paused.map(({ data }) => [data["wakes_at"], data["waits_for"]])).toEqual([
        ["2025-09-27T19:07:40.123Z", waitsFor],
        [null, waitsFor],
      ]);
    });

    test("hold no more than the beginning of a long message", async () => {
      const { id } = await createRun(subject.store);
      const long = "ü".repeat(5000);
      const failed = {
        ...newStep(`${id}.1`, "build", "process"),
        status: "running",
        attempts: 1,
        startedAt: createdAt,
      } as const;
      await commit({ type: "step.put", runId: id, step: failed });
      await commit({
        type: "step.put",
        runId: id,
        step: { ...failed, status: "failed", message: long, finishedAt: createdAt },
      });
      const error = { ...boom, message: long, hint: long };
      await commit({ type: "run.finish", id, status: "failed", result: null, error, at: createdAt });
      const events = await all(subject.store);
      const cut = "ü".repeat(2000);
      expect(events.map(({ type, data }) => [type, data["message"] ?? null, data["error"] ?? null])).toEqual([
        ["run.created", null, null],
        ["run.step.started", null, null],
        ["error.occurred", cut, null],
        ["run.step.failed", cut, null],
        ["run.failed", null, { ...boom, message: cut, hint: cut }],
        ["error.escalated", null, { ...boom, message: cut, hint: cut }],
      ]);
    });

    test("of a commit that fails are not kept", async () => {
      const run = newRun();
      const failing = commit(
        { type: "run.create", run },
        { type: "event.put", event: event() },
        finish("none", "failed"),
      );
      expect(await failing.then(String, String)).toContain("none");
      expect(await all(subject.store)).toEqual([]);
    });

    test("tell how a step fails, is tried again, and succeeds", async () => {
      const { id: runId } = await createRun(subject.store);
      const put = (step: Partial<Step>, failedAt?: number): Write => ({
        type: "step.put",
        runId,
        step: { ...newStep(`${runId}.3`, "build", "process"), startedAt: createdAt, attempts: 1, ...step },
        ...(failedAt === undefined ? {} : { failedAt }),
      });
      await commit(put({ startedAt: null, attempts: 0 }));
      await commit(put({ status: "running" }));
      await commit(put({ status: "running", message: "the same" }));
      await commit(
        put({ status: "waiting", message: "exit code 1", code: 1, until: createdAt + 60_000 }, createdAt + 7),
      );
      await commit(put({ status: "running", attempts: 2 }));
      await commit(put({ status: "succeeded", attempts: 2, code: 0, finishedAt: createdAt + 70 }));
      const events = (await all(subject.store)).slice(1);
      expect(events.map(({ type, createdAt: at }) => [type, at - createdAt])).toEqual([
        ["run.step.started", 0],
        ["error.occurred", 7],
        ["run.step.completed", 70],
        ["error.recovered", 70],
      ]);
      expect(events[1]?.data).toMatchObject({
        run_id: runId,
        step_id: `${runId}.3`,
        name: "build",
        kind: "process",
        attempts: 1,
        code: 1,
        message: "exit code 1",
      });
    });

    test("tell a step that fails for good as an error, and nothing of one that comes with its end", async () => {
      const { id: runId } = await createRun(subject.store);
      const step: Step = { ...newStep(`${runId}.1`, "build", "process"), attempts: 1, startedAt: createdAt };
      const end = { status: "failed", code: 2, finishedAt: createdAt + 9, message: "exit code 2" } as const;
      await commit({ type: "step.put", runId, step: { ...step, status: "running" } });
      await commit({ type: "step.put", runId, step: { ...step, ...end } });
      await commit({ type: "step.put", runId, step: { ...step, id: `${runId}.2`, ...end } });
      expect(await typesOf(subject.store, runId)).toEqual([
        "run.created",
        "run.step.started",
        "error.occurred",
        "run.step.failed",
      ]);
    });

    test.each([
      ["approval.granted", { status: "succeeded", finishedAt: createdAt + 10 }],
      ["approval.denied", { status: "failed", finishedAt: createdAt + 10 }],
      ["approval.timeout", { status: "timed_out", finishedAt: createdAt + 1000 }],
      ["approval.timeout", { status: "succeeded", finishedAt: createdAt + 1001 }],
      [null, { status: "cancelled", finishedAt: createdAt + 10 }],
    ] as const)("tell %s of an approval, and no error", async (type, end) => {
      const { id: runId } = await createRun(subject.store);
      const step: Step = {
        ...newStep(`${runId}.1`, "go", "approval"),
        status: "waiting",
        attempts: 1,
        startedAt: createdAt,
        until: createdAt + 1000,
        message: "Deploy?",
      };
      await commit({ type: "step.put", runId, step });
      await commit({ type: "step.put", runId, step: { ...step, ...end, until: null } });
      const events = (await all(subject.store)).slice(1);
      const stepEnd = end.status === "succeeded" ? "run.step.completed" : "run.step.failed";
      expect(events.map((each) => each.type)).toEqual([
        "run.step.started",
        "approval.required",
        stepEnd,
        ...(type === null ? [] : [type]),
      ]);
      expect(events[1]?.data).toMatchObject({ name: "go", message: "Deploy?", expires_at: "2025-09-27T19:06:41.123Z" });
    });

    test("of scripts are kept as given, in the order of their run", async () => {
      const { id: runId } = await createRun(subject.store);
      const given = event({ runId, pipeline: "deploy", data: { phase: 3, name: "Ünï", deep: [null, { a: 1 }] } });
      const addressed = event({ target: "ops", type: "notification.requested" });
      await commit({ type: "event.put", event: given }, { type: "event.put", event: addressed });
      await subject.reopen();
      expect((await all(subject.store)).slice(1)).toEqual([
        { ...given, seq: 2, sequence: 2 },
        { ...addressed, seq: 3, sequence: null },
      ]);
      expect(await subject.store.events.find(given.id)).toEqual({ ...given, seq: 2, sequence: 2 });
      expect(await subject.store.events.find("evt_other")).toBeUndefined();
      expect(await subject.store.events.newestSeq()).toBe(3);
    });

    test("are listed newest first, by type, beginning of a type, pipeline and run, page by page", async () => {
      const types = ["a.one", "a.two", "ab.one", "b.one", "a.one"];
      const { id: runId } = await createRun(subject.store, { pipeline: "other" });
      await commit(...types.map((type): Write => ({ type: "event.put", event: event({ type, pipeline: "deploy" }) })));
      const list = async (query: { type?: string; pipeline?: string; runId?: string; cursor?: string }, limit = 10) => {
        const { events, nextCursor } = await subject.store.events.list({ ...query, limit });
        return { seqs: events.map(({ seq }) => seq), nextCursor };
      };
      expect((await list({})).seqs).toEqual([6, 5, 4, 3, 2, 1]);
      expect((await list({ type: "a.one" })).seqs).toEqual([6, 2]);
      expect((await list({ type: "a." })).seqs).toEqual([6, 3, 2]);
      expect((await list({ pipeline: "deploy", type: "b.one" })).seqs).toEqual([5]);
      expect((await list({ runId })).seqs).toEqual([1]);
      const first = await list({ pipeline: "deploy" }, 3);
      expect(first.seqs).toEqual([6, 5, 4]);
      expect(await list({ pipeline: "deploy", cursor: first.nextCursor ?? "" }, 3)).toEqual({
        seqs: [3, 2],
        nextCursor: null,
      });
      expect(await list({ cursor: "x" }).then(String, String)).toContain("is not a cursor of the event list");
    });

    test("tell their types, each once, but none that there are only samples of", async () => {
      expect([...(await subject.store.events.types())]).toEqual([]);
      await commit(...["a.b", "c.d", "a.b"].map((type) => ({ type: "event.put", event: event({ type }) }) as const));
      await commit({ type: "event.put", event: event({ type: "tried.fialed", data: { sample: true } }) });
      expect([...(await subject.store.events.types())].toSorted()).toEqual(["a.b", "c.d"]);
    });

    test("are trimmed up to a place, but for the newest one and for those that have a delivery", async () => {
      const put = (at: number): Write => ({ type: "event.put", event: event({ createdAt: at }) });
      await commit(put(1), put(2), put(3), put(4), put(5));
      expect(await subject.store.events.firstToKeep(3, 100)).toBe(3);
      expect(await subject.store.events.firstToKeep(1, 2)).toBe(4);
      expect(await subject.store.events.firstToKeep(99, 100)).toBe(5);
      await commit({
        type: "delivery.create",
        delivery: {
          id: "dlv_1",
          destination: "ep_1",
          eventSeq: 2,
          eventId: "",
          eventType: "",
          status: "failed",
          attempts: 7,
          earlierAttempts: 0,
          nextAttemptAt: null,
          createdAt: 1,
          finishedAt: 9,
        },
      });
      const trim: Write = { type: "event.trim", fromSeq: 1, beforeSeq: 100 };
      await commit({ ...trim, beforeSeq: 1 }, { ...trim, fromSeq: 5 });
      expect(await all(subject.store)).toHaveLength(5);
      await commit(trim);
      expect((await all(subject.store)).map(({ seq }) => seq)).toEqual([2, 5]);
      await commit({ type: "delivery.trim_settled", fromSeq: 1, beforeSeq: 100 }, trim);
      expect((await all(subject.store)).map(({ seq }) => seq)).toEqual([2, 5]);
      await commit(put(6));
      expect(await subject.store.events.newestSeq()).toBe(6);
    });

    test("of a run that has not ended go on with their places, however many were trimmed", async () => {
      const { id } = await createRun(subject.store);
      const ended = await createRun(subject.store);
      await commit({ type: "run.start", id, at: createdAt }, finish(ended.id, "succeeded"));
      await commit({ type: "event.put", event: event() }, { type: "event.trim", fromSeq: 1, beforeSeq: 100 });
      expect(await typesOf(subject.store, ended.id)).toEqual([]);
      expect(await typesOf(subject.store, id)).toEqual(["run.started"]);
      await commit(finish(id, "succeeded"));
      const { events } = await subject.store.events.list({ runId: id, limit: 1 });
      expect(events).toMatchObject([{ type: "run.completed", sequence: 3 }]);
    });
  });
}
