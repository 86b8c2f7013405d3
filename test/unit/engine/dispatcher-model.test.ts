// Any order of what can happen to runs against a plain model of who may begin, and what a long queue costs.

import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { DispatcherBench } from "./dispatcher-bench.ts";

const limits: Readonly<Record<string, number | undefined>> = { a: 1, b: 2, c: undefined };

interface ModelRun {
  readonly id: string;
  readonly key: string | null;
  readonly priority: number;
  readonly resumed: boolean;
}

/** What the dispatcher must keep: written as plainly as can be, and slowly. */
class Model {
  readonly #executing: number;
  waiting: ModelRun[] = [];
  readonly slots = new Set<string>();
  readonly holders = new Map<string, string>();
  readonly begun: string[] = [];
  /** Those that came back, if they execute. */
  readonly returned = new Set<string>();

  constructor(executing: number) {
    this.#executing = executing;
  }

  submit(run: ModelRun): void {
    this.waiting.push(run);
    if (run.resumed && run.key !== null) this.holders.set(run.id, run.key);
    this.begin();
  }

  release(id: string): void {
    this.waiting = this.waiting.filter((run) => run.id !== id);
    this.slots.delete(id);
    this.holders.delete(id);
    this.begin();
  }

  begin(): void {
    for (;;) {
      const candidates = this.#inOrder().filter((run) => this.#mayBegin(run));
      // Those that come back leave half of the slots, but for one, to new ones that could begin.
      const isFull =
        2 * ([...this.slots].filter((id) => this.returned.has(id)).length + 1) > Math.max(2, this.#executing);
      const next = (isFull ? candidates.find(({ resumed }) => !resumed) : undefined) ?? candidates[0];
      if (next === undefined || this.slots.size >= this.#executing) return;
      if (next.resumed) this.returned.add(next.id);
      this.waiting = this.waiting.filter((run) => run !== next);
      this.slots.add(next.id);
      if (next.key !== null) this.holders.set(next.id, next.key);
      this.begun.push(next.id);
    }
  }

  #inOrder(): readonly ModelRun[] {
    return this.waiting.toSorted((a, b) => b.priority - a.priority || Number(b.resumed) - Number(a.resumed));
  }

  /** Nobody of its key is before it, and the key has room. */
  #mayBegin(run: ModelRun): boolean {
    if (run.key === null || run.resumed) return true;
    const first = this.#inOrder().find((each) => each.key === run.key && !each.resumed);
    const holding = [...this.holders.values()].filter((key) => key === run.key).length;
    return first === run && holding < (limits[run.key] ?? Number.POSITIVE_INFINITY);
  }
}

const pick = fc.nat(100);
const action = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      type: fc.constant("submit" as const),
      key: fc.constantFrom("a", "b", "c", null),
      priority: fc.constantFrom(0, 0, 0, 1, -1),
      resumed: fc.constantFrom(false, false, false, true),
    }),
  },
  { weight: 3, arbitrary: fc.record({ type: fc.constant("end" as const), pick }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("park" as const), pick }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("wake" as const), pick }) },
  { weight: 1, arbitrary: fc.record({ type: fc.constant("withdraw" as const), pick }) },
);

const choose = <T>(from: Iterable<T>, index: number): T | undefined => {
  const list = [...from];
  return list[index % Math.max(1, list.length)];
};

test("whatever happens to runs, exactly those begin, in their order, that a plain model lets begin", () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 4 }), fc.array(action, { maxLength: 60 }), (executing, actions) => {
      const bench = new DispatcherBench(executing);
      const model = new Model(executing);
      const parked = new Map<string, ModelRun>();
      const runs = new Map<string, ModelRun>();
      const submit = (run: ModelRun): void => {
        runs.set(run.id, run);
        const { id, key, priority, resumed } = run;
        bench.submit(id, { key, priority, resumed, limit: key === null ? undefined : limits[key] });
        model.submit(run);
      };
      for (const [index, each] of actions.entries()) {
        if (each.type === "submit") submit({ ...each, id: `r${index}` });
        else if (each.type === "end") {
          const id = choose([...bench.executing, ...parked.keys()], each.pick);
          if (id === undefined) continue;
          bench.executing.delete(id);
          parked.delete(id);
          bench.dispatcher.release(id);
          model.release(id);
        } else if (each.type === "park") {
          const id = choose(bench.executing, each.pick);
          const run = runs.get(id ?? "");
          if (id === undefined || run === undefined) continue;
          parked.set(id, run);
          bench.park(id);
          model.slots.delete(id);
          model.begin();
        } else if (each.type === "wake") {
          const run = choose(parked.values(), each.pick);
          if (run === undefined) continue;
          parked.delete(run.id);
          submit({ ...run, resumed: true });
        } else {
          const run = choose(
            model.waiting.filter(({ resumed }) => !resumed),
            each.pick,
          );
          if (run === undefined) continue;
          expect(bench.dispatcher.withdraw(run.id)?.run.id).toBe(run.id);
          model.release(run.id);
        }
        expect(bench.begun).toEqual(model.begun);
        expect([...bench.executing].sort()).toEqual([...model.slots].sort());
      }
    }),
    { numRuns: 500 },
  );
});

describe("a long queue", () => {
  /** Milliseconds to run as many short runs past `blocked` runs of a key that is at its limit. */
  function timePassing(blocked: number): number {
    const bench = new DispatcherBench(64);
    for (let index = 0; index < blocked; index++) bench.submit(`blocked${index}`, { key: "busy" });
    const startedAt = performance.now();
    for (let index = 0; index < 20_000; index++) {
      bench.submit(`r${index}`, { key: "other" });
      bench.end(`r${index}`);
    }
    return performance.now() - startedAt;
  }

  /** The same, with each run waiting behind a key of its own for one of the slots. */
  function timeQueueing(keys: number): number {
    const bench = new DispatcherBench(1);
    for (let index = 0; index < keys; index++) bench.submit(`r${index}`, { key: `k${index}` });
    const startedAt = performance.now();
    for (let index = 0; index < 2000; index++) bench.end(`r${index}`);
    return performance.now() - startedAt;
  }

  const best = (measure: () => number): number => Math.min(measure(), measure(), measure());

  test("of 50,000 runs behind one key costs the others as good as nothing", () => {
    const short = best(() => timePassing(10));
    // A walk through the queue would make this thousands of times as long.
    expect(best(() => timePassing(50_000))).toBeLessThan(20 * short + 50);
  });

  test("of 50,000 runs with as many keys is worked off without looking at each key each time", () => {
    const short = best(() => timeQueueing(2000));
    expect(best(() => timeQueueing(50_000))).toBeLessThan(20 * short + 50);
  });

  test("of 50,000 runs is withdrawn from its end as fast as it was filled", () => {
    const bench = new DispatcherBench(1);
    const filled = performance.now();
    for (let index = 0; index < 50_000; index++) bench.submit(`r${index}`, { key: "busy" });
    const emptied = performance.now();
    for (let index = 49_999; index > 0; index--) bench.dispatcher.withdraw(`r${index}`);
    expect(performance.now() - emptied).toBeLessThan(20 * (emptied - filled) + 50);
  });
});
