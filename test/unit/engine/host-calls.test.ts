// Host calls: synchronous ones, for which the sandbox process stands still, and those of a script that catches up.

import { expect, test } from "bun:test";
import type { JsonValue } from "../../../src/core/json.ts";
import { HostCalls } from "../../../src/engine/host-calls.ts";
import { JournalView } from "../../../src/engine/journal-view.ts";
import { RunLog } from "../../../src/engine/run-log.ts";
import type { RunParts } from "../../../src/engine/run-parts.ts";
import { RunRecorder } from "../../../src/engine/run-recorder.ts";
import { StepSlots } from "../../../src/engine/step-slots.ts";
import type { GuestCall } from "../../../src/sandbox/sandbox.ts";
import type { Journal, NewRun, Store, Write } from "../../../src/store/store.ts";
import { createSecretReader } from "../../../src/secrets/secrets.ts";
import { Redactor } from "../../../src/telemetry/telemetry.ts";
import { ManualClock } from "./manual-clock.ts";

const run = { id: "r", pipeline: "p" } as NewRun;
const get: GuestCall = { number: 1, kind: "storage", name: "get", args: { key: "k" }, argsHash: "h", stack: "" };

class Bench {
  readonly written: Write["type"][] = [];
  readonly recorder: RunRecorder;
  readonly calls: HostCalls;

  constructor(value: JsonValue | Error) {
    const clock = new ManualClock();
    const store = {
      commit: async (writes: readonly Write[]) => {
        this.written.push(...writes.map(({ type }) => type));
      },
      values: {
        get: async () => {
          if (value instanceof Error) throw value;
          return value;
        },
      },
    } as unknown as Store;
    this.recorder = new RunRecorder(store, clock, { onRetry: () => {}, onLost: () => {} });
    this.calls = new HostCalls({
      parts: { store, clock, redactor: new Redactor() } as unknown as RunParts,
      run,
      bundle: { code: "" },
      isLogShared: false,
      log: new RunLog(),
      journal: new JournalView(),
      recorder: this.recorder,
      hand: async () => {},
      onResponse: () => {},
      wake: () => [],
      onResult: () => {},
    });
  }
}

test("an answer is durable, together with its call, before it is given", async () => {
  const bench = new Bench({ a: 1 });
  expect(await bench.calls.asked.answer(get, 0)).toEqual({ ok: true, value: { a: 1 } });
  expect(bench.written).toEqual(["journal.start", "journal.complete"]);
});

test("a store that cannot read is an answer too", async () => {
  const bench = new Bench(new Error("disk trouble"));
  expect(await bench.calls.asked.answer(get, 0)).toMatchObject({ ok: false, error: { message: "disk trouble" } });
});

// A process whose question stays without an answer executes nothing ever again, for no run.
test("a question is answered also where the run is no longer recorded", async () => {
  const bench = new Bench(1);
  bench.recorder.stop();
  const answer = await Promise.race([bench.calls.asked.answer(get, 0), Bun.sleep(200)]);
  expect(answer).toBeDefined();
});

test("a command in a container that an earlier life has opened begins when that container is found again", async () => {
  const begun: string[] = [];
  const found = Promise.withResolvers<null>();
  const executor = {
    attach: async ({ stepId }: { readonly stepId: string }) => {
      begun.push(`attach ${stepId}`);
      return await found.promise;
    },
    start: async ({ stepId }: { readonly stepId: string }) => {
      begun.push(`start ${stepId}`);
      return await new Promise<never>(() => {});
    },
  };
  const clock = new ManualClock();
  const store = { commit: async () => {} } as unknown as Store;
  const recorder = new RunRecorder(store, clock, { onRetry: () => {}, onLost: () => {} });
  const view = new JournalView();
  const secrets = createSecretReader({ env: {}, now: Date.now });
  const parts = {
    store,
    clock,
    executor,
    stepSlots: new StepSlots(1),
    redactor: new Redactor(),
    secrets,
  } as unknown as RunParts;
  const hand = async (): Promise<void> => {};
  const events = { hand, onResponse: () => {}, wake: () => [], onResult: () => {} };
  const given = { ...events, isLogShared: false, bundle: { code: "" } };
  const calls = new HostCalls({ parts, run, log: new RunLog(), journal: view, recorder, ...given });
  const common = { argsHash: "h", afterSeq: 0, startedAt: 0 };
  const step = { kind: "step", env: {}, output: false };
  const journal: Journal = {
    calls: [
      {
        ...common,
        number: 1,
        kind: "step",
        name: "open",
        args: { ...step, command: "", container: { type: "open", image: "i", pull: "never", privileged: false } },
        outcome: { ok: true, value: { id: "runner-r-1" } },
      },
    ],
    deliveries: [{ seq: 1, type: "result", call: 1 }],
    observations: [],
    consoleLines: 0,
  };
  view.load(journal);

  calls.holdBack();
  const effects: (() => void)[] = [];
  const args = { ...step, command: "true", container: { type: "inside", sandbox: "runner-r-1" } };
  calls.take({ number: 2, kind: "step", name: "inside", args, argsHash: "h", stack: "" }, 1, [], effects);
  for (const effect of effects) effect();
  const resumed = calls.resume(journal, new Map());
  await Bun.sleep(0);
  expect(begun).toEqual(["attach r.1"]);
  found.resolve(null);
  await resumed;
  await Bun.sleep(0);
  expect(begun).toEqual(["attach r.1", "start r.2"]);
});
