// A step that is tried more than once: its attempts, the waits between them, and what a later life makes of both.

import { describe, expect, test } from "bun:test";
import { AppError } from "../../../src/core/app-error.ts";
import type { JsonValue } from "../../../src/core/json.ts";
import type { Step } from "../../../src/core/run.ts";
import { RunLog } from "../../../src/engine/run-log.ts";
import { StepCall } from "../../../src/engine/step-call.ts";
import { StepSlots } from "../../../src/engine/step-slots.ts";
import type {
  EarlierLife,
  Executor,
  RunningStep,
  StepListener,
  StepOutcome,
} from "../../../src/executors/executors.ts";
import type { CallOutcome, KeptStep, Store, Write } from "../../../src/store/store.ts";
import { createSecretReader } from "../../../src/secrets/secrets.ts";
import { Redactor } from "../../../src/telemetry/telemetry.ts";
import { ManualClock, settlePromises } from "./manual-clock.ts";

type End = Partial<StepOutcome> | AppError | "runs";

const exit = (code: number): End => ({ end: "exited", code, message: null });
const nothing = { stdout: 0, stderr: 0 };
const noEnd = { stored: 0, taken: null };

/** One life of a step; `next` is the life of the server after that, with what was recorded. */
class Bench {
  readonly slots = new StepSlots(1);
  readonly clock: ManualClock;
  readonly did: string[] = [];
  readonly rows: Step[] = [];
  readonly lines: string[] = [];
  readonly ends: CallOutcome[] = [];
  readonly earlier: EarlierLife[] = [];
  readonly step: StepCall;
  waits = 0;
  /** What removing an attempt waits for. */
  discarding = Promise.resolve();
  /** Where false, nothing gets to disk any more. */
  isRecording = true;
  listener: StepListener | null = null;
  running: PromiseWithResolvers<StepOutcome> | null = null;
  /** What is said of an attempt that an earlier life has not left running. */
  whenGone: "interrupted" | "not_begun" = "interrupted";
  #kept: KeptStep | null = null;

  readonly args: Readonly<Record<string, JsonValue>>;
  readonly plan: End[];

  constructor(args: Readonly<Record<string, JsonValue>>, plan: End[], clock = new ManualClock()) {
    this.args = args;
    this.plan = plan;
    this.clock = clock;
    const executor = {
      start: async (_spec: unknown, listener: StepListener) => this.#start("start", listener),
      attach: async (_spec: unknown, earlier: EarlierLife, listener: StepListener) => {
        this.earlier.push(earlier);
        if (this.plan[0] !== "runs") {
          this.did.push("attach in vain");
          return this.whenGone;
        }
        this.plan.shift();
        return this.#start("attach", listener);
      },
      discard: async () => {
        this.did.push("discard");
        await this.discarding;
      },
    } as unknown as Executor;
    const logs = {
      outputEnds: async () => ({ stdout: noEnd, stderr: noEnd }),
      readOutput: async () => new Uint8Array(0),
    };
    const secrets = createSecretReader({ env: {}, now: Date.now });
    this.step = new StepCall({
      parts: {
        executor,
        stepSlots: this.slots,
        clock,
        store: { logs } as unknown as Store,
        secrets,
        redactor: new Redactor(),
      },
      run: { id: "r", pipeline: "p" },
      bundle: { code: "" },
      call: { number: 1, name: "build", args: { command: "true", env: {}, output: false, ...args } },
      record: (writes, effect, dropped) => {
        if (!this.isRecording) {
          dropped?.();
          return;
        }
        this.#keep(writes);
        effect?.();
      },
      output: { log: new RunLog(), deliver: async () => {} },
      onWait: () => this.waits++,
      onEnd: (outcome, writes, discard) => {
        this.#keep(writes);
        this.ends.push(outcome);
        discard(Promise.resolve());
      },
    });
  }

  get row(): Step {
    const row = this.rows.at(-1);
    if (row === undefined) throw new Error("the step has no row");
    return row;
  }

  get isSlotFree(): boolean {
    if (!this.slots.tryTake()) return false;
    this.slots.release();
    return true;
  }

  async begin(): Promise<this> {
    this.#keep(this.step.open());
    this.step.start();
    await settlePromises();
    return this;
  }

  async next(plan: End[]): Promise<Bench> {
    this.isRecording = false;
    this.step.abandon();
    const next = new Bench(this.args, plan, this.clock);
    if (this.row.status === "running") next.slots.occupy(this.row.id);
    next.#kept = this.#kept;
    next.step.resume({ kept: this.#kept, delivered: nothing });
    await settlePromises();
    return next;
  }

  #start(how: string, listener: StepListener): RunningStep {
    this.did.push(how);
    const end = this.plan.shift() ?? exit(0);
    if (end instanceof AppError) throw end;
    this.listener = listener;
    this.running = Promise.withResolvers<StepOutcome>();
    if (end !== "runs") this.running.resolve({ end: "exited", code: 0, message: null, ...end });
    const { promise, resolve } = this.running;
    return {
      pid: 1,
      outcome: promise,
      cancel: () => resolve({ end: "cancelled", code: 143, message: "cancelled" }),
    };
  }

  #keep(writes: readonly Write[]): void {
    for (const write of writes) {
      if (write.type === "log.line") this.lines.push(write.text);
      if (write.type !== "step.put") continue;
      this.rows.push(write.step);
      this.#kept = { step: write.step, progress: write.progress ?? null };
    }
  }
}

const even = { attempts: 3, initial: "10s", jitter: 0 };

describe("a step with a retry policy", () => {
  test("is tried again after a wait each time until it succeeds, and resolves with the last result", async () => {
    const bench = await new Bench({ retry: even }, [exit(1), exit(2), exit(0)]).begin();
    expect(bench.row).toMatchObject({ status: "waiting", attempts: 1, code: 1, message: "exit code 1" });
    expect(bench.row.until).toBe(bench.clock.now() + 10_000);
    expect(bench.did).toEqual(["start", "discard"]);
    await bench.clock.advance(9999);
    expect(bench.row.status).toBe("waiting");
    await bench.clock.advance(1);
    expect(bench.row).toMatchObject({ status: "waiting", attempts: 2, code: 2 });
    expect(bench.row.until).toBe(bench.clock.now() + 20_000);
    await bench.clock.advance(20_000);
    expect(bench.row).toMatchObject({ status: "succeeded", attempts: 3, code: 0, message: null, until: null });
    expect(bench.ends).toMatchObject([{ ok: true, value: { code: 0 } }]);
    expect(bench.did).toEqual(["start", "discard", "start", "discard", "start", "discard"]);
    expect(bench.lines).toEqual([
      'step "build": attempt 1 of 3 failed: exit code 1; the next one begins in 10.0 s',
      'step "build": attempt 2 of 3 failed: exit code 2; the next one begins in 20.0 s',
    ]);
  });

  test("ends with its last attempt", async () => {
    const bench = await new Bench({ retry: { ...even, attempts: 2 } }, [exit(1), exit(7), exit(0)]).begin();
    await bench.clock.advance(10_000);
    expect(bench.ends).toMatchObject([{ ok: true, value: { code: 7 } }]);
    expect(bench.row).toMatchObject({ status: "failed", attempts: 2, code: 7, message: "exit code 7" });
    expect(bench.clock.pendingMs).toEqual([]);
  });

  test.each<[title: string, end: End]>([
    ["a time-out", { end: "timed_out", code: 124, message: "not finished within 1.0 s" }],
    ["a signal", { end: "signalled", code: 137, message: "ended by SIGKILL (exit status 137)" }],
    ["a start that failed", new AppError("STEP_NOT_STARTED", "no such command")],
    ["an image that is not there", new AppError("IMAGE_UNAVAILABLE", "no such image")],
  ])("is tried again after %s", async (_title, end) => {
    const bench = await new Bench({ retry: even }, [end]).begin();
    expect([bench.row.status, bench.ends]).toEqual(["waiting", []]);
  });

  test.each<[title: string, end: End]>([
    ["a wrong option", new AppError("VALIDATION_FAILED", "no such user")],
    ["a cancellation", { end: "cancelled", code: 143, message: "cancelled" }],
    ["a success", exit(0)],
  ])("is not tried again after %s", async (_title, end) => {
    const bench = await new Bench({ retry: even }, [end]).begin();
    expect([bench.row.attempts, bench.ends.length, bench.clock.pendingMs]).toEqual([1, 1, []]);
  });

  test("that names codes is tried again after those alone", async () => {
    const retry = { ...even, on: [75, "STEP_NOT_STARTED"] };
    for (const end of [exit(75), new AppError("STEP_NOT_STARTED", "no such command")]) {
      expect((await new Bench({ retry }, [end]).begin()).row.status).toBe("waiting");
    }
    for (const end of [exit(1), new AppError("IMAGE_UNAVAILABLE", "no such image")]) {
      expect((await new Bench({ retry }, [end]).begin()).row.status).toBe("failed");
    }
  });

  test("that makes no sense is refused before anything is started", async () => {
    const bench = await new Bench({ retry: { attempts: 0 } }, []).begin();
    expect(bench.ends).toMatchObject([{ ok: false, error: { code: "VALIDATION_FAILED" } }]);
    expect(bench.did).not.toContain("start");
    expect(bench.clock.pendingMs).toEqual([]);
  });

  test("holds no slot while it waits, and waits for one when its time has come", async () => {
    const bench = await new Bench({ retry: even }, [exit(1)]).begin();
    expect([bench.isSlotFree, bench.step.wait]).toEqual([true, { until: bench.row.until }]);
    bench.slots.tryTake();
    await bench.clock.advance(10_000);
    expect(bench.row).toMatchObject({ status: "queued", until: null, attempts: 1 });
    expect(bench.step.wait).toBeNull();
    bench.slots.release();
    await settlePromises();
    expect(bench.row).toMatchObject({ status: "succeeded", attempts: 2 });
    expect(bench.isSlotFree).toBe(true);
  });

  test("tells that it waits when that is durable and nothing of the attempt is left", async () => {
    const bench = new Bench({ retry: even }, ["runs"]);
    await bench.begin();
    expect([bench.waits, bench.step.wait]).toEqual([0, null]);
    bench.running?.resolve({ end: "exited", code: 1, message: null });
    await settlePromises();
    expect([bench.waits, bench.did]).toEqual([1, ["start", "discard"]]);
  });

  test("that is cancelled while it waits ends at once, and nothing is started any more", async () => {
    const bench = await new Bench({ retry: even }, [exit(1)]).begin();
    bench.step.cancel();
    bench.step.cancel();
    expect(bench.row).toMatchObject({ status: "cancelled", attempts: 1, until: null, message: "exit code 1" });
    expect(bench.ends).toMatchObject([{ ok: false, error: { code: "RUN_CANCELLED" } }]);
    await bench.clock.advance(60_000);
    expect(bench.did.filter((what) => what === "start")).toHaveLength(1);
    expect(bench.isSlotFree).toBe(true);
  });

  test("that is cancelled during an attempt is not tried again", async () => {
    const bench = await new Bench({ retry: even }, [exit(1), "runs"]).begin();
    await bench.clock.advance(10_000);
    bench.step.cancel();
    await settlePromises();
    expect(bench.row).toMatchObject({ status: "cancelled", attempts: 2 });
    expect([bench.ends.length, bench.clock.pendingMs, bench.isSlotFree]).toEqual([1, [], true]);
  });
});

describe("a step that is cancelled", () => {
  test("at the moment its attempt fails is not tried again", async () => {
    const bench = await new Bench({ retry: even }, ["runs"]).begin();
    bench.running?.resolve({ end: "exited", code: 1, message: null });
    bench.step.cancel();
    await settlePromises();
    expect([bench.ends.length, bench.row.status, bench.clock.pendingMs]).toEqual([1, "failed", []]);
  });

  test("while its attempt is being removed does not wait for another one", async () => {
    const bench = new Bench({ retry: even }, [exit(1)]);
    const removed = Promise.withResolvers<void>();
    bench.discarding = removed.promise;
    await bench.begin();
    expect(bench.row.status).toBe("waiting");
    bench.step.cancel();
    removed.resolve();
    await settlePromises();
    expect([bench.ends.length, bench.row.status, bench.waits, bench.clock.pendingMs]).toEqual([1, "cancelled", 0, []]);
  });
});

describe("in a later life", () => {
  test("a step that waited goes on at the same time, and removes first what may be left of its attempt", async () => {
    const first = await new Bench({ retry: even }, [exit(1)]).begin();
    const { until } = first.row;
    await first.clock.advance(4000);
    const later = await first.next([exit(0)]);
    expect([later.did, later.waits, later.step.wait]).toEqual([["discard"], 1, { until }]);
    await later.clock.advance(5999);
    expect(later.did).toEqual(["discard"]);
    await later.clock.advance(1);
    expect(later.row).toMatchObject({ status: "succeeded", attempts: 2 });
    expect(later.did).toEqual(["discard", "start", "discard"]);
  });

  test("a step whose time has come meanwhile is tried at once", async () => {
    const first = await new Bench({ retry: even }, [exit(1)]).begin();
    await first.clock.advance(0);
    first.isRecording = false;
    first.step.abandon();
    await first.clock.advance(3_600_000);
    const later = await first.next([exit(0)]);
    await later.clock.advance(0);
    expect(later.row).toMatchObject({ status: "succeeded", attempts: 2 });
  });

  test("an attempt that still runs is taken up, with its own time and not that of the first", async () => {
    const first = await new Bench({ retry: even, timeout: "1m" }, [exit(1), "runs"]).begin();
    await first.clock.advance(10_000);
    await first.clock.advance(2500);
    const later = await first.next(["runs", exit(3)]);
    expect(later.earlier).toMatchObject([{ spentMs: 2500 }]);
    expect(later.did).toEqual(["attach", "discard"]);
    expect(later.row).toMatchObject({ status: "waiting", attempts: 2, code: 3 });
    expect(later.row.until).toBe(later.clock.now() + 20_000);
  });

  test("an attempt that was interrupted is made again, and takes none of the tries", async () => {
    const first = await new Bench({ retry: { ...even, attempts: 2 } }, ["runs"]).begin();
    const second = await first.next([]);
    expect(second.did).toEqual(["attach in vain", "start", "discard"]);
    expect(second.lines[0]).toContain("was interrupted by the end of the server or of the machine; it is run again");
    expect(second.row).toMatchObject({ status: "succeeded", attempts: 2 });

    const third = await (
      await new Bench({ retry: { ...even, attempts: 2 } }, ["runs"]).begin()
    ).next([exit(1), exit(2)]);
    expect(third.row).toMatchObject({ status: "waiting", attempts: 2, code: 1 });
    expect(third.lines.at(-1)).toContain("attempt 1 of 2 failed");
    const fourth = await third.next([exit(2)]);
    await fourth.clock.advance(10_000);
    expect(fourth.row).toMatchObject({ status: "failed", attempts: 3, code: 2 });
  });

  test("an attempt whose command was never reached is begun now, without a word, as the same try", async () => {
    const first = await new Bench({ onInterrupt: "fail" }, ["runs"]).begin();
    const later = new Bench({ onInterrupt: "fail" }, []);
    later.whenGone = "not_begun";
    later.slots.occupy("r.1");
    later.step.resume({ kept: { step: first.row, progress: null }, delivered: nothing });
    await settlePromises();
    expect(later.did).toEqual(["attach in vain", "start", "discard"]);
    expect(later.row).toMatchObject({ status: "succeeded", attempts: 1 });
    expect(later.lines).toEqual([]);
  });

  test('an attempt that was interrupted fails with onInterrupt: "fail", whatever the policy', async () => {
    const first = await new Bench({ retry: even, onInterrupt: "fail" }, ["runs"]).begin();
    const later = await first.next([]);
    expect(later.ends).toMatchObject([{ ok: false, error: { code: "INTERRUPTED" } }]);
    expect(later.row).toMatchObject({ status: "failed", attempts: 1 });
    expect([later.did, later.isSlotFree]).toEqual([["attach in vain", "discard"], true]);
  });

  test("an interrupted attempt of a run that is to end is cancelled", async () => {
    const first = await new Bench({}, ["runs"]).begin();
    first.isRecording = false;
    const later = new Bench({}, []);
    later.slots.occupy("r.1");
    later.step.resume({ kept: { step: first.row, progress: null }, delivered: nothing });
    later.step.cancel();
    await settlePromises();
    expect(later.row.status).toBe("cancelled");
    expect([later.did.includes("start"), later.isSlotFree]).toEqual([false, true]);
  });
});
