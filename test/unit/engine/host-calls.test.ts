// Synchronous host calls: the sandbox process stands still until each is answered.

import { expect, test } from "bun:test";
import type { JsonValue } from "../../../src/core/json.ts";
import { HostCalls } from "../../../src/engine/host-calls.ts";
import { JournalView } from "../../../src/engine/journal-view.ts";
import { RunLog } from "../../../src/engine/run-log.ts";
import type { RunParts } from "../../../src/engine/run-parts.ts";
import { RunRecorder } from "../../../src/engine/run-recorder.ts";
import type { GuestCall } from "../../../src/sandbox/sandbox.ts";
import type { NewRun, Store, Write } from "../../../src/store/store.ts";
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
      parts: { store, clock } as unknown as RunParts,
      run,
      isLogShared: false,
      log: new RunLog(),
      journal: new JournalView(),
      recorder: this.recorder,
      hand: async () => {},
      onResponse: () => {},
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
