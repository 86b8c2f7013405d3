// The order in which a run is recorded and takes effect, and what a failing disk does to it.

import { describe, expect, test } from "bun:test";
import { AppError } from "../../../src/core/app-error.ts";
import { RunRecorder } from "../../../src/engine/run-recorder.ts";
import type { Store, Write } from "../../../src/store/store.ts";
import { ManualClock, settlePromises } from "./manual-clock.ts";

function write(id: string): Write {
  return { type: "run.start", id, at: 0 };
}

class Bench {
  readonly clock = new ManualClock();
  /** Ids of each commit that was tried, and of those on disk. */
  readonly tried: (readonly string[])[] = [];
  readonly durable: string[] = [];
  readonly effects: string[] = [];
  readonly retries: string[] = [];
  readonly lost: string[] = [];
  /** Failures of the next commits, in order; none: they succeed. */
  readonly failures: Error[] = [];
  /** Where set, commits wait for it. */
  gate: Promise<void> | null = null;
  readonly recorder: RunRecorder;

  constructor() {
    const commit = async (writes: readonly Write[]): Promise<void> => {
      const ids = writes.map((each) => (each.type === "run.start" ? each.id : ""));
      this.tried.push(ids);
      if (this.gate !== null) await this.gate;
      const failure = this.failures.shift();
      if (failure !== undefined) throw failure;
      this.durable.push(...ids);
    };
    this.recorder = new RunRecorder({ commit } as Store, this.clock, {
      onRetry: (error) => this.retries.push(error.message),
      onLost: (error) => this.lost.push(error.message),
    });
  }

  record(id: string): void {
    this.recorder.record([write(id)], () => this.effects.push(id));
  }
}

const diskFull = (): AppError => new AppError("STORE_UNAVAILABLE", "disk full");

describe("record()", () => {
  test("makes one transaction of what one turn of the event loop records, and takes effect after it, in order", async () => {
    const bench = new Bench();
    for (const id of ["a", "b", "c"]) bench.record(id);
    expect(bench.effects).toEqual([]);
    await bench.recorder.settled();
    expect(bench.tried).toEqual([["a", "b", "c"]]);
    expect(bench.effects).toEqual(["a", "b", "c"]);
  });

  test("collects what comes during a commit into the next one", async () => {
    const bench = new Bench();
    const gate = Promise.withResolvers<void>();
    bench.gate = gate.promise;
    bench.record("a");
    await settlePromises();
    bench.record("b");
    bench.record("c");
    expect(bench.effects).toEqual([]);
    gate.resolve();
    await bench.recorder.settled();
    expect(bench.tried).toEqual([["a"], ["b", "c"]]);
    expect(bench.effects).toEqual(["a", "b", "c"]);
  });

  test("takes effect in the same order where an effect records again", async () => {
    const bench = new Bench();
    bench.recorder.record([write("a")], () => {
      bench.effects.push("a");
      bench.record("c");
    });
    bench.record("b");
    await bench.recorder.settled();
    expect(bench.durable).toEqual(["a", "b", "c"]);
    expect(bench.effects).toEqual(["a", "b", "c"]);
  });

  test("calls an effect without writes after those before it", async () => {
    const bench = new Bench();
    bench.record("a");
    bench.recorder.record([], () => bench.effects.push("nothing"));
    await bench.recorder.settled();
    expect(bench.effects).toEqual(["a", "nothing"]);
  });
});

describe("while the disk fails", () => {
  test("a commit is tried again until it succeeds, and what is recorded meanwhile follows in order", async () => {
    const bench = new Bench();
    bench.failures.push(diskFull(), diskFull(), diskFull());
    bench.record("a");
    await settlePromises();
    bench.record("b");
    for (const waitMs of [100, 200, 400]) {
      expect(bench.clock.pendingMs).toEqual([waitMs]);
      expect(bench.effects).toEqual([]);
      await bench.clock.advance(waitMs);
    }
    await bench.recorder.settled();
    expect(bench.tried).toEqual([["a"], ["a"], ["a"], ["a"], ["b"]]);
    expect(bench.effects).toEqual(["a", "b"]);
    expect(bench.retries).toEqual(["disk full", "disk full", "disk full"]);
    expect(bench.lost).toEqual([]);
  });

  test("the waits grow to five seconds and no further, and begin anew after a success", async () => {
    const bench = new Bench();
    bench.failures.push(...Array.from({ length: 9 }, diskFull));
    bench.record("a");
    await settlePromises();
    const waits: number[] = [];
    for (let next = bench.clock.pendingMs[0]; next !== undefined; next = bench.clock.pendingMs[0]) {
      waits.push(next);
      await bench.clock.advance(next);
    }
    expect(waits).toEqual([100, 200, 400, 800, 1600, 3200, 5000, 5000, 5000]);
    bench.failures.push(diskFull());
    bench.record("b");
    await settlePromises();
    expect(bench.clock.pendingMs).toEqual([100]);
  });

  test("settled() waits until everything is durable and has taken effect", async () => {
    const bench = new Bench();
    bench.failures.push(diskFull());
    bench.record("a");
    let settled = false;
    const waiting = bench.recorder.settled().then(() => (settled = true));
    await settlePromises();
    expect(settled).toBe(false);
    await bench.clock.advance(100);
    await waiting;
    expect(bench.effects).toEqual(["a"]);
  });
});

describe("when the store refuses for good", () => {
  test("the run is lost once: nothing takes effect, nothing more is recorded, and nobody waits for ever", async () => {
    const bench = new Bench();
    bench.failures.push(new AppError("INTERNAL", "number used twice"));
    bench.record("a");
    await settlePromises();
    bench.record("b");
    await bench.recorder.settled();
    expect(bench.lost).toEqual(["number used twice"]);
    expect([bench.tried, bench.durable, bench.effects, bench.retries]).toEqual([[["a"]], [], [], []]);
    expect(bench.clock.pendingMs).toEqual([]);
  });

  test("what was recorded during the refused commit is dropped with it", async () => {
    const bench = new Bench();
    const gate = Promise.withResolvers<void>();
    bench.gate = gate.promise;
    bench.failures.push(new AppError("VALUE_TOO_LARGE", "too large"));
    bench.record("a");
    await settlePromises();
    bench.record("b");
    gate.resolve();
    await bench.recorder.settled();
    expect([bench.durable, bench.effects]).toEqual([[], []]);
    expect(bench.lost).toEqual(["too large"]);
  });

  test("an error without a code counts as final", async () => {
    const bench = new Bench();
    bench.failures.push(new Error("broken"));
    bench.record("a");
    await bench.recorder.settled();
    expect(bench.lost).toEqual(["broken"]);
  });
});

describe("stop()", () => {
  test("lets a commit in hand reach the disk, but not take effect", async () => {
    const bench = new Bench();
    const gate = Promise.withResolvers<void>();
    bench.gate = gate.promise;
    bench.record("a");
    await settlePromises();
    bench.recorder.stop();
    gate.resolve();
    await bench.recorder.settled();
    expect([bench.durable, bench.effects]).toEqual([["a"], []]);
  });

  test("ends the retries, and tells of no trouble after it", async () => {
    const bench = new Bench();
    bench.failures.push(diskFull());
    bench.record("a");
    await settlePromises();
    bench.recorder.stop();
    await bench.clock.advance(100);
    await bench.recorder.settled();
    expect([bench.tried, bench.effects, bench.retries, bench.lost]).toEqual([[["a"]], [], ["disk full"], []]);
  });

  test("tells of no loss where the commit in hand is refused after it", async () => {
    const bench = new Bench();
    const gate = Promise.withResolvers<void>();
    bench.gate = gate.promise;
    bench.failures.push(new AppError("INTERNAL", "too late"));
    bench.record("a");
    await settlePromises();
    bench.recorder.stop();
    gate.resolve();
    await bench.recorder.settled();
    expect([bench.lost, bench.effects]).toEqual([[], []]);
  });

  test("by one effect keeps the following ones from happening", async () => {
    const bench = new Bench();
    bench.recorder.record([write("a")], () => bench.recorder.stop());
    bench.record("b");
    await bench.recorder.settled();
    expect([bench.durable, bench.effects]).toEqual([["a", "b"], []]);
  });
});

test("an effect that throws is the end of the run, and whoever waits for what follows is told", async () => {
  const bench = new Bench();
  const dropped: string[] = [];
  bench.recorder.record([write("a")], () => {
    throw new Error("a bug in an effect");
  });
  bench.recorder.record(
    [write("b")],
    () => {},
    () => dropped.push("b"),
  );
  await bench.recorder.settled();
  bench.recorder.record(
    [write("c")],
    () => {},
    () => dropped.push("c"),
  );
  await settlePromises();
  expect([bench.lost, bench.effects, dropped]).toEqual([["a bug in an effect"], [], ["b", "c"]]);
});
