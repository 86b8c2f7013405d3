// What becomes of a run as it comes in while others have its concurrency key.

import { describe, expect, test } from "bun:test";
import type { ConflictRule } from "../../../src/core/pipeline-config.ts";
import { newRun } from "../../../src/engine/new-run.ts";
import { RunAdmission } from "../../../src/engine/run-admission.ts";
import type { RunEnd } from "../../../src/engine/run-end.ts";
import type { Write } from "../../../src/store/store.ts";
import { DispatcherBench } from "./dispatcher-bench.ts";

const key = "key:deploy";

class Bench extends DispatcherBench {
  readonly told: string[] = [];
  readonly admission: RunAdmission;

  constructor(executing: number, queued?: number) {
    super(executing, queued);
    this.admission = new RunAdmission({
      dispatcher: this.dispatcher,
      followers: {
        endRun: (run, end: RunEnd, _at, finish) => ({
          writes: finish === undefined ? [] : [finish],
          begin: () => void this.told.push(`${run.id} ended ${end.status}`),
        }),
      },
      clock: { now: () => 5 },
      onDropped: (id) => void this.told.push(`dropped ${id}`),
      onReplaced: (id, { code }) => void this.told.push(`replaced ${id} ${code}`),
    });
  }

  admit(onConflict: ConflictRule, limit = 1) {
    const run = newRun({
      id: "new",
      pipeline: "p",
      trigger: "manual",
      bundleHash: "",
      params: {},
      createdAt: 0,
      concurrencyKey: key,
    });
    const admission = this.admission.admit(run, { webhook: {}, params: {}, concurrencyLimit: limit, onConflict });
    if (admission.type === "queue") return admission;
    throw new Error(`skipped: ${admission.error.code} ${admission.error.message}`);
  }
}

function brief(writes: readonly Write[]): readonly string[] {
  return writes.map((write) => `${write.type} ${"id" in write ? write.id : ""}`);
}

const nothing = { type: "queue", writes: [] };

describe("a run whose key has room", () => {
  test.each(["queue", "skip", "cancel-running", "replace-queued"] as const)("is queued by %s", (rule) => {
    const bench = new Bench(5);
    bench.submit("a", { key, limit: 2 });
    expect(bench.admit(rule, 2)).toMatchObject(nothing);
    expect(new Bench(5).admit(rule)).toMatchObject(nothing);
  });
});

describe("a run whose key has none", () => {
  test("is queued where nothing else is asked for", () => {
    const bench = new Bench(5);
    bench.submitAll("a b", { key });
    expect(bench.admit("queue")).toMatchObject(nothing);
  });

  test("is skipped for one that executes, or for one that waits, and names it", () => {
    const bench = new Bench(1);
    bench.submit("other");
    bench.submit("a", { key });
    expect(() => bench.admit("skip")).toThrow(
      'RUN_SKIPPED run a is not over, and only one run at a time may have the concurrency key "deploy"',
    );
    bench.end("other");
    expect(() => bench.admit("skip")).toThrow("run a is not over");
    expect(bench.admit("skip", 2)).toMatchObject(nothing);
  });

  test("is skipped for a run that waits outside memory", () => {
    const bench = new Bench(5);
    bench.submit("a", { key });
    bench.park("a");
    expect(() => bench.admit("skip")).toThrow("run a is not over");
  });

  test("takes the place of all that are queued, and of none that executes", () => {
    const bench = new Bench(5);
    bench.submitAll("a b c", { key });
    const { writes, confirm } = bench.admit("replace-queued");
    expect(brief(writes)).toEqual(["run.drop_queued b", "run.drop_queued c"]);
    expect(writes[0]).toMatchObject({
      error: { code: "RUN_REPLACED", message: 'run new came with the concurrency key "deploy" and takes its place' },
      at: 5,
    });
    expect(bench.told).toEqual([]);
    confirm();
    expect(bench.told).toEqual(["dropped b", "b ended cancelled", "dropped c", "c ended cancelled"]);
    bench.end("a");
    expect(bench.begun).toEqual(["a"]);
  });

  test("has those that execute cancelled, and those that would come before it", () => {
    const bench = new Bench(5);
    bench.submitAll("a b", { key });
    const { writes, confirm } = bench.admit("cancel-running");
    expect(brief(writes)).toEqual(["run.drop_queued b", "run.cancel_if_unfinished a", "run.wake a"]);
    confirm();
    expect(bench.told).toEqual(["dropped b", "b ended cancelled", "replaced a RUN_REPLACED"]);
  });

  test("has only as many cancelled as it needs room for, the oldest first", () => {
    const bench = new Bench(5);
    bench.submitAll("a b c", { key, limit: 3 });
    expect(brief(bench.admit("cancel-running", 3).writes)).toEqual(["run.cancel_if_unfinished a", "run.wake a"]);
    expect(brief(bench.admit("cancel-running", 2).writes)).toEqual([
      "run.cancel_if_unfinished a",
      "run.wake a",
      "run.cancel_if_unfinished b",
      "run.wake b",
    ]);
  });

  test("leaves everything in its place where it cannot be recorded", () => {
    const bench = new Bench(5);
    bench.submitAll("a b c", { key });
    bench.admit("replace-queued").undo();
    bench.submit("d", { key });
    for (const id of ["a", "b", "c", "d"]) bench.end(id);
    expect(bench.begun).toEqual(["a", "b", "c", "d"]);
    expect(bench.told).toEqual([]);
  });
});

describe("a full queue", () => {
  test("refuses a run that would wait, by whatever rule", () => {
    const bench = new Bench(1, 1);
    bench.submitAll("x y");
    for (const rule of ["queue", "skip", "cancel-running", "replace-queued"] as const) {
      expect(() => bench.admit(rule)).toThrow("no more may");
    }
  });

  test("takes a run for whom another one leaves it", () => {
    const bench = new Bench(1, 1);
    bench.submitAll("a b", { key });
    expect(brief(bench.admit("replace-queued").writes)).toEqual(["run.drop_queued b"]);
  });

  test("has a recorded run skipped, since nobody could try again", () => {
    const bench = new Bench(1, 1);
    bench.submitAll("x y");
    const run = newRun({ id: "n", pipeline: "p", trigger: "pipeline", bundleHash: "", params: {}, createdAt: 0 });
    expect(bench.admission.admitRecorded(run, { webhook: {}, params: {} })).toMatchObject({
      type: "skip",
      error: { code: "QUEUE_FULL" },
    });
  });
});
