// The place of a step among those that run at once, whenever it is cancelled or let go of.

import { describe, expect, test } from "bun:test";
import type { StepStatus } from "../../../src/core/run.ts";
import type { Executor, StepSpec, RunningStep, StepOutcome } from "../../../src/executors/executors.ts";
import { RunLog } from "../../../src/engine/run-log.ts";
import { StepCall } from "../../../src/engine/step-call.ts";
import { StepSlots } from "../../../src/engine/step-slots.ts";
import type { CallOutcome, Store } from "../../../src/store/store.ts";
import { createSecretReader } from "../../../src/secrets/secrets.ts";
import { Redactor } from "../../../src/telemetry/telemetry.ts";
import { ManualClock, settlePromises } from "./manual-clock.ts";

class Bench {
  readonly slots = new StepSlots(1);
  readonly started: StepSpec[] = [];
  readonly statuses: StepStatus[] = [];
  readonly ends: CallOutcome[] = [];
  readonly outcome = Promise.withResolvers<StepOutcome>();
  cancels = 0;
  readonly step: StepCall;

  constructor(startFails?: Error) {
    const start = async (spec: StepSpec): Promise<RunningStep> => {
      this.started.push(spec);
      if (startFails !== undefined) throw startFails;
      return { outcome: this.outcome.promise, cancel: () => this.cancels++ } as unknown as RunningStep;
    };
    const executor = { start, discard: async () => {} } as unknown as Executor;
    const secrets = createSecretReader({ env: {}, now: Date.now });
    this.step = new StepCall({
      parts: {
        executor,
        stepSlots: this.slots,
        clock: new ManualClock(),
        store: {} as Store,
        secrets,
        redactor: new Redactor(),
      },
      run: { id: "r", pipeline: "p" },
      bundle: { code: "" },
      call: { number: 1, name: "build", args: { command: "true", env: {}, output: false } },
      record: (writes, effect) => {
        this.#note(writes);
        effect?.();
      },
      output: { log: new RunLog(), deliver: async () => {} },
      onWait: () => {},
      onEnd: (outcome, writes) => {
        this.#note(writes);
        this.ends.push(outcome);
      },
    });
  }

  /** True where nobody holds the one slot. */
  get isSlotFree(): boolean {
    if (!this.slots.tryTake()) return false;
    this.slots.release();
    return true;
  }

  #note(writes: Parameters<ConstructorParameters<typeof StepCall>[0]["record"]>[0]): void {
    for (const write of writes) if (write.type === "step.put") this.statuses.push(write.step.status);
  }
}

const exited = { end: "exited", code: 0, message: null } as StepOutcome;

describe("StepCall", () => {
  test("holds a slot from its opening to its end", async () => {
    const bench = new Bench();
    bench.step.open();
    expect(bench.isSlotFree).toBe(false);
    bench.step.start();
    await settlePromises();
    expect([bench.started.length, bench.isSlotFree]).toEqual([1, false]);
    bench.outcome.resolve(exited);
    await settlePromises();
    expect([bench.isSlotFree, bench.statuses]).toEqual([true, ["succeeded"]]);
    expect(bench.ends).toEqual([{ ok: true, value: { code: 0, stdout: "", stderr: "", status: "complete" } }]);
  });

  test("gives its slot back where it does not start, and says which step", async () => {
    const bench = new Bench(new Error("no such command"));
    bench.step.open();
    bench.step.start();
    await settlePromises();
    expect(bench.isSlotFree).toBe(true);
    expect(bench.ends).toMatchObject([{ ok: false, error: { message: 'step "build": no such command' } }]);
  });

  test("waits for a slot that another holds", async () => {
    const bench = new Bench();
    bench.slots.tryTake();
    bench.step.open();
    bench.step.start();
    await settlePromises();
    expect(bench.started).toEqual([]);
    bench.slots.release();
    await settlePromises();
    expect([bench.started.length, bench.statuses]).toEqual([1, ["running"]]);
  });

  test("starts also where the slot became free while its opening was recorded", async () => {
    const bench = new Bench();
    bench.slots.tryTake();
    bench.step.open();
    bench.slots.release();
    bench.step.start();
    await settlePromises();
    expect(bench.started).toHaveLength(1);
  });
});

describe("cancel()", () => {
  test("before the start gives the slot back, and nothing is started", async () => {
    const bench = new Bench();
    bench.step.open();
    bench.step.cancel();
    bench.step.start();
    await settlePromises();
    expect([bench.isSlotFree, bench.started, bench.statuses]).toEqual([true, [], ["cancelled"]]);
  });

  test("while it waits gives up waiting", async () => {
    const bench = new Bench();
    bench.slots.tryTake();
    bench.step.open();
    bench.step.start();
    bench.step.cancel();
    bench.step.cancel();
    bench.slots.release();
    await settlePromises();
    expect([bench.started, bench.isSlotFree, bench.ends.length]).toEqual([[], true, 1]);
  });

  test("while it runs ends the process, once, and the slot is free when that has ended", async () => {
    const bench = new Bench();
    bench.step.open();
    bench.step.start();
    await settlePromises();
    bench.step.cancel();
    bench.step.cancel();
    expect([bench.cancels, bench.isSlotFree]).toEqual([1, false]);
    bench.outcome.resolve({ ...exited, end: "cancelled", code: 143 });
    await settlePromises();
    expect([bench.isSlotFree, bench.statuses]).toEqual([true, ["cancelled"]]);
  });
});

describe("abandon()", () => {
  test("while it waits gives up waiting", async () => {
    const bench = new Bench();
    bench.slots.tryTake();
    bench.step.open();
    bench.step.start();
    bench.step.abandon();
    bench.slots.release();
    await settlePromises();
    expect([bench.started, bench.isSlotFree]).toEqual([[], true]);
  });

  // So it is with a run that could not be recorded: its steps never start.
  test("before the start gives the slot back", () => {
    const bench = new Bench();
    bench.step.open();
    bench.step.abandon();
    expect(bench.isSlotFree).toBe(true);
  });
});
